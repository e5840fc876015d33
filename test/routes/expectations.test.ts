import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { Problem } from '../../src/model/problem.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { anEmulator, aService, finished, pollUntil, startSync } from '../support/service.ts'

const good = { id: 'book', title: 'Book', tabs: [tabFromRows(0, 'Orders', [['Order'], [1], [2]])] }
const emptied = { ...good, version: 2, tabs: [tabFromRows(0, 'Orders', [['Order']])] }

async function aServiceOf(t: Test) {
  const emulator = await anEmulator(t, { workbooks: [good] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  return { emulator, url }
}

function post(url: string, path: string, body?: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${url}${path}`, { method: 'POST', ...(body !== undefined && { headers, body: JSON.stringify(body) }) })
}

t.test('a sync that is not as expected fails with every fault; the good rows stay, also after a retry', async (t) => {
  const { emulator, url } = await aServiceOf(t)
  const sync = async (body: Partial<SyncRequestInput>) =>
    pollUntil(url, (await startSync(url, { spreadsheet: 'book', ...body })).id, finished)
  t.match(await sync({}), { state: 'succeeded', request: { expect: [] } })
  emulator.addWorkbook(emptied)
  const expect = { tab: 'Orders', minRows: 1, columns: ['Order', 'Price'] }
  const failed = await sync({ expect })
  t.match(failed, {
    state: 'failed',
    outcome: null,
    request: { expect: [{ ...expect, minRowsRatio: null, types: {}, loading: 'fail' }] },
    error: {
      type: 'urn:sheetsync:error:expectation-failed',
      status: 422,
      code: 'EXPECTATION_FAILED',
      retryable: false,
      detail:
        'Tab "Orders": expected column "Price", found column "Order"; Tab "Orders": expected at least 1 row, found 0.',
      hint: /rows of earlier snapshots stay/,
      errors: [{ field: 'expect[0].columns' }, { field: 'expect[0].minRows' }],
    },
  })
  const rows = async () => (await fetch(`${url}/spreadsheets/book/tabs/Orders`)).json()
  t.strictSame(await rows(), [{ Order: 1 }, { Order: 2 }])
  t.equal((await fetch(`${url}/syncs/${failed.id}/files`)).status, 409)

  const retried = (await (await post(url, `/syncs/${failed.id}/retry`)).json()) as SyncView
  t.strictSame(retried.request, failed.request, 'a retry expects the same')
  t.match(await pollUntil(url, retried.id, finished), { state: 'failed', error: { code: 'EXPECTATION_FAILED' } })
  emulator.addWorkbook({
    ...good,
    version: 3,
    tabs: [
      tabFromRows(0, 'Orders', [
        ['Order', 'Price'],
        [3, 4],
      ]),
    ],
  })
  const again = (await (await post(url, `/syncs/${failed.id}/retry`)).json()) as SyncView
  t.match(await pollUntil(url, again.id, finished), { state: 'succeeded', retryOf: failed.id })
  t.strictSame(await rows(), [{ Order: 3, Price: 4 }])
})

t.test('nobody joins a sync of other expectations', async (t) => {
  const { emulator, url } = await aServiceOf(t)
  emulator.setLatency({ baseMs: 60_000, perCellUs: 0 })
  const start = async (expect?: SyncRequestInput['expect']) =>
    (await startSync(url, { spreadsheet: 'book', expect })).id
  const plain = await start()
  const careful = await start({ minRows: 1 })
  t.not(careful, plain)
  t.equal(await start([{ minRows: 1 }]), careful)
  t.not(await start({ minRows: 2 }), careful)
  t.equal(await start(), plain)
})

t.test('expectations at fault are refused at once, each field by its name', async (t) => {
  const { url } = await aServiceOf(t)
  const faultsOf = async (expect: unknown, body: object = {}) => {
    const answer = await post(url, '/syncs', { spreadsheet: 'book', ...body, expect })
    const { errors } = (await answer.json()) as Problem
    t.equal(answer.status, 400)
    return errors?.map(({ field, message }) => `${field} ${message}`)
  }
  const types = 'text, integer, number, boolean, date, time, datetime, duration, mixed or empty'
  t.strictSame(
    await faultsOf({
      tab: '',
      columns: ['a', '', 5],
      minRows: -1,
      minRowsRatio: 1.5,
      types: { a: 'string', b: ['text', 'x'], c: [], d: 5 },
      loading: 'ok',
      minrows: 5,
    }),
    [
      'expect.tab must not be empty',
      'expect.columns[1] must not be empty',
      'expect.columns[2] must be a string',
      'expect.minRows must be 0 or more',
      'expect.minRowsRatio must be 1 at most',
      `expect.types.a must be ${types}`,
      `expect.types.b[1] must be ${types}`,
      'expect.types.c must name at least one type',
      `expect.types.d must be ${types}`,
      'expect.loading must be fail or allow',
      'expect.minrows is not a known field (minRows is)',
    ],
  )
  t.strictSame(await faultsOf([{ minRows: 1 }, { minRows: 1.5, minRowsRatio: 0, tab: true }, 'x']), [
    'expect[1].tab must be a title (text) or a gid (a number)',
    'expect[1].minRows must be a whole number',
    'expect[1].minRowsRatio must be more than 0',
    'expect[2] must be an object',
  ])
  t.strictSame(await faultsOf('rows'), ['expect must be an object or an array of objects'])
  t.strictSame(await faultsOf([]), ['expect must hold at least one expectation; leave it out to expect nothing'])
  t.strictSame(await faultsOf(Array(51).fill({})), ['expect holds more than 50 expectations'])
  t.strictSame(await faultsOf({ columns: Array(1001).fill('a') }), ['expect.columns names more than 1,000 columns'])
  t.strictSame(await faultsOf({ tab: 'B' }, { tabs: ['A'] }), ['expect.tab is none of the tabs to download'])
})
