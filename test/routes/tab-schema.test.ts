import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { date, error, tabFromRows } from '../../emulator/workbook.ts'
import { tabSchema } from '../../src/rows/column-schema-response.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { anEmulator, aService } from '../support/service.ts'

const ID = '1Schema-0123456789_abcdefghijklmnopqrstuvwxyz'
const PATH = `/spreadsheets/${ID}/tabs/orders/schema`
const workbook = {
  id: ID,
  title: 'Book',
  tabs: [
    tabFromRows(0, 'Orders', [
      ['Order', 'Price', 'price', 'Due'],
      [1, 2.5, 'x', date('2024-01-31')],
      [2, 3, error('#REF!')],
    ]),
  ],
}

async function aSyncedService(t: Parameters<typeof aService>[0]) {
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  const { setting, keys } = someKeys({ ann: ['read', 'write'], bob: ['read', 'write'] })
  const service = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, API_KEYS: setting })
  const ann = new ApiClient(service.url, keys.ann)
  const { id } = await ann.sync({ spreadsheet: ID })
  return { ...service, id, ann, bob: new ApiClient(service.url, keys.bob) }
}

t.test('the columns of a tab are told with their names in SQL, types, counts and examples', async (t) => {
  const { ann, id } = await aSyncedService(t)
  const answer = await ann.send('GET', PATH)
  t.match(answer.headers.get('content-type'), /^application\/json/)
  const body: unknown = await answer.json()
  const told = tabSchema.strict().parse(body)
  t.match(told, { syncId: id, tab: { gid: 0, title: 'Orders' }, tables: ['Orders'], rows: 2, rowsAre: 'objects' })
  t.match(told.columns, [
    { name: 'Order', column: 'Order', sql: '"Order"', type: 'integer', nullable: false, example: 1 },
    { name: 'Price', column: 'Price', sql: 'Price', type: 'number', counts: { integer: 1, number: 1, blank: 0 } },
    { name: 'price', column: 'price_2', sql: 'price_2', type: 'text', counts: { text: 1, error: 1 }, longest: 5 },
    { name: 'Due', type: 'date', nullable: true, counts: { date: 1, blank: 1 }, example: '2024-01-31', longest: 10 },
  ])
  const other = async (as: string) => {
    const form = await ann.send('GET', `${PATH}?as=${as}`)
    return { type: form.headers.get('content-type'), text: await form.text() }
  }
  const schema = await other('json-schema')
  t.match(
    [schema.type, JSON.parse(schema.text).required],
    ['application/schema+json', ['Order', 'Price', 'price', 'Due']],
  )
  t.match(await other('typescript'), { type: 'text/plain; charset=utf-8', text: /^export interface OrdersRow \{$/m })
  t.equal(await ann.status('GET', `${PATH}?as=xml`), 400)
  t.notMatch(await ann.json(`/spreadsheets/${ID}`), { tabs: [{ tallies: Array }] }, 'the manifest stays short')
})

t.test('whoever has it already is answered 304, in each form', async (t) => {
  const { ann } = await aSyncedService(t)
  const tags = new Set<string>()
  for (const as of ['columns', 'json-schema', 'typescript']) {
    const etag = (await ann.send('GET', `${PATH}?as=${as}`)).headers.get('etag') ?? ''
    tags.add(etag)
    for (const method of ['GET', 'HEAD']) {
      const again = await ann.send(method, `${PATH}?as=${as}`, undefined, { 'if-none-match': etag })
      t.equal(again.status, 304, `${method} ${as}`)
    }
  }
  t.equal(tags.size, 3)
  await ann.sync({ spreadsheet: ID })
  const [etag = ''] = tags
  const newer = await ann.send('GET', PATH, undefined, { 'if-none-match': etag })
  t.equal(newer.status, 200, 'another snapshot is another answer')
})

t.test("another key's snapshot, and a tab that is not there, are answered 404", async (t) => {
  const { ann, bob } = await aSyncedService(t)
  const hidden = await bob.send('GET', PATH)
  const absent = await bob.send('GET', PATH.replace(ID, `${ID}X`))
  t.match([hidden.status, absent.status], [404, 404])
  const [one, other] = [await hidden.text(), await absent.text()].map((text) =>
    text.replaceAll(`${ID}X`, ID).replace(/"requestId":"[^"]*"/, ''),
  )
  t.equal(one, other, 'as if there were none')
  const none = await ann.send('GET', PATH.replace('orders', 'gid:7'))
  t.match([none.status, await none.json()], [404, { code: 'TAB_NOT_FOUND', hint: /"Orders" \(gid:0\)/ }])
})

t.test('of a snapshot of an earlier release it is said how to have the columns counted', async (t) => {
  const { ann, directory, id } = await aSyncedService(t)
  const folder = join(directory, 'snapshots')
  const [spreadsheet = ''] = (await readdir(folder)).filter((name) => name.startsWith(ID))
  const file = join(folder, spreadsheet, id, 'manifest.json')
  const manifest = JSON.parse(await readFile(file, 'utf8')) as { tabs: { tallies?: unknown }[] }
  for (const tab of manifest.tabs) delete tab.tallies
  await writeFile(file, JSON.stringify(manifest))
  for (const as of ['columns', 'json-schema', 'typescript']) {
    const answer = await ann.send('GET', `${PATH}?as=${as}`)
    t.match([answer.status, await answer.json()], [409, { code: 'SCHEMA_NOT_KEPT', hint: /POST \/syncs/ }], as)
  }
  t.equal(await ann.status('GET', PATH.replace('/schema', '')), 200, 'its rows are read as before')
  await ann.sync({ spreadsheet: ID })
  t.equal(await ann.status('GET', PATH), 200)
})
