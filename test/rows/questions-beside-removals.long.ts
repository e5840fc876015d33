import { readdir, rm } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { anEmulator, aService } from '../support/service.ts'

const ID = '1Removals-0123456789_abcdefghijklmnopqrstuvw'
const SPREADSHEET = `/spreadsheets/${ID}`
const ROWS = 2000
/** Answers have some megabytes, more than are sent before a client reads. */
const NOTE = 'x'.repeat(2000)

async function aWorld(t: Test, environment: Record<string, string> = {}) {
  const workbook = (note: string) => ({
    id: ID,
    title: 'Removals',
    tabs: [tabFromRows(0, 'Orders', [['Order', 'Note'], ...Array.from({ length: ROWS }, (_, order) => [order, note])])],
  })
  const emulator = await anEmulator(t, { workbooks: [workbook(NOTE)] })
  const { setting, keys } = someKeys({ ann: ['read', 'write'], ben: ['read', 'write'] })
  const service = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, API_KEYS: setting, ...environment })
  const [ann, ben] = [new ApiClient(service.url, keys.ann), new ApiClient(service.url, keys.ben)]
  const sync = () => ann.sync({ spreadsheet: ID, formats: ['ndjson'], ifActive: 'start' })
  let edits = 0
  const edit = () => {
    edits += 1
    emulator.addWorkbook(workbook(`${NOTE}${edits}`))
  }
  return { ...service, ann, ben, sync, edit }
}

/** Whole answers to long questions, by name: what to ask, and how many rows there are in the text. */
const questionsOf = (since: string) =>
  ({
    rows: ['GET', `${SPREADSHEET}/tabs/Orders/rows?limit=10000&format=ndjson`, undefined],
    query: ['POST', `${SPREADSHEET}/query`, { sql: 'SELECT * FROM Orders', limit: 10_000, format: 'ndjson' }],
    changes: ['GET', `${SPREADSHEET}/tabs/Orders/changes?since=${since}&key=Order&limit=1000`, undefined],
  }) as const

t.test(
  'a snapshot that is erased while an answer is read: the answer is read to its end, the next one is 404',
  async (t) => {
    const { ann, sync, edit, directory } = await aWorld(t)
    for (const name of ['rows', 'query', 'changes'] as const) {
      const { id } = await sync()
      edit()
      await sync()
      const [method, path, body] = questionsOf(id)[name]
      const answer = await ann.send(method, path, body, { 'accept-encoding': 'identity' })
      t.equal(answer.status, 200, name)
      const reader = answer.body?.getReader()
      if (reader === undefined) throw new TypeError('the answer has no body')
      const decoder = new TextDecoder()
      let text = decoder.decode((await reader.read()).value, { stream: true })
      t.equal(await ann.status('DELETE', SPREADSHEET), 204)
      for (let part = await reader.read(); !part.done; part = await reader.read())
        text += decoder.decode(part.value, { stream: true })
      if (name === 'changes') t.equal(JSON.parse(text).changes.length, 1000)
      else {
        const lines = text.trim().split('\n')
        t.equal(lines.length, ROWS, `${name}: no row is missing`)
        t.match(JSON.parse(lines.at(-1) ?? ''), { Order: ROWS - 1 })
      }
      t.match(await (await ann.send(method, path, body)).json(), { status: 404, code: 'SNAPSHOT_NOT_FOUND' }, name)
    }
    const left = await readdir(`${directory}/query-cache`)
    t.strictSame(
      left.filter((file) => !file.endsWith('.duckdb')),
      [],
      'no answer is left behind',
    )
  },
)

t.test('a snapshot that is erased while it is asked for: its rows whole, or a 404', async (t) => {
  const { ann, sync, edit, directory } = await aWorld(t)
  const outcomes: Record<string, number> = {}
  for (let round = 0; round < 4; round += 1) {
    const { id } = await sync()
    edit()
    await sync()
    // Nothing is kept of it, so that each question has to read the snapshot.
    await rm(`${directory}/query-cache`, { recursive: true, force: true })
    const asked = Object.entries(questionsOf(id)).map(async ([name, [method, path, body]]) => {
      const answer = await ann.send(method, path, body)
      const text = await answer.text()
      outcomes[`${name} ${answer.status}`] = (outcomes[`${name} ${answer.status}`] ?? 0) + 1
      if (answer.status === 404) return t.equal(JSON.parse(text).code, 'SNAPSHOT_NOT_FOUND')
      t.equal(answer.status, 200, `${name}: ${text.slice(0, 300)}`)
      if (name === 'changes') return t.equal(JSON.parse(text).changes.length, 1000)
      return t.equal(text.trim().split('\n').length, ROWS)
    })
    for (let turn = 0; turn < 5 * round; turn += 1) await ann.status('GET', SPREADSHEET)
    await ann.send('DELETE', SPREADSHEET)
    await Promise.all(asked)
  }
  t.comment(JSON.stringify(outcomes))
})

t.test('rows whose file is gone from under its manifest are a 404, and nothing is kept of them', async (t) => {
  const { ann, sync, directory } = await aWorld(t)
  const { id } = await sync()
  const folder = `${directory}/snapshots/${ID}/${id}`
  for (const name of await readdir(folder)) if (name.endsWith('.ndjson')) await rm(`${folder}/${name}`)
  for (const [name, [method, path, body]] of Object.entries(questionsOf(id))) {
    const answer = await ann.send(method, path, body)
    t.match([answer.status, await answer.json()], [404, { code: 'FILE_NOT_FOUND' }], name)
  }
  t.strictSame(await readdir(`${directory}/query-cache`).catch(() => []), [])
})

t.test('to another key, what is asked of a snapshot is as if there were none', async (t) => {
  const { ann, ben, sync } = await aWorld(t)
  const { id } = await sync()
  const none = '1Nothing--0123456789_abcdefghijklmnopqrstuvw'
  const asked = { ...questionsOf(id), schema: ['GET', `${SPREADSHEET}/tabs/Orders/schema`, undefined] as const }
  for (const [name, [method, path, body]] of Object.entries(asked)) {
    t.equal(await ann.status(method, path, body), 200, `${name}: to its own key`)
    const [foreign, absent] = await Promise.all(
      [path, path.replace(ID, none)].map(async (each) => {
        const answer = await ben.send(method, each, body)
        const { requestId: _, ...problem } = (await answer.json()) as { requestId: string }
        return { status: answer.status, text: JSON.stringify(problem).replaceAll(none, ID) }
      }),
    )
    t.equal(foreign?.status, 404, name)
    t.same(foreign, absent, `${name}: to another key, by the same words`)
  }
})
