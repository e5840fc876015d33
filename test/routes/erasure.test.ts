import { readdir } from 'node:fs/promises'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { anEmulator, aService } from '../support/service.ts'

const BOOK = '1Erasure-0123456789_abcdefghijklmnopqrstuvwx'
const OTHER = '1Another-0123456789_abcdefghijklmnopqrstuvwx'
/** Its rows are more than a kilobyte. */
const BIG = '1Big----0123456789_abcdefghijklmnopqrstuvwxy'
const WORKBOOKS = [BOOK, OTHER, BIG].map((id) => ({
  id,
  title: id,
  tabs: [tabFromRows(0, 'A', [['A'], [id === BIG ? 'x'.repeat(1000) : 1]])],
}))

t.test('a key erases its own rows and nobody else’s, an administrator everybody’s', async (t) => {
  const emulator = await anEmulator(t, { workbooks: WORKBOOKS })
  const { setting, keys } = someKeys({ one: ['read', 'write'], two: ['read', 'write'], boss: ['admin'] })
  const { url, directory } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, API_KEYS: setting })
  const [one, two, boss] = [keys.one, keys.two, keys.boss].map((key) => new ApiClient(url, key)) as ApiClient[]
  if (one === undefined || two === undefined || boss === undefined) throw new TypeError('a key is missing')
  const code = async (client: ApiClient, path: string, method = 'GET') => {
    const answer = await client.send(method, path)
    return answer.status === 204 ? 204 : ((await answer.json()) as { code?: string }).code
  }
  t.equal(await code(one, `/spreadsheets/${BOOK}`, 'DELETE'), 'SNAPSHOT_NOT_FOUND')
  const { id, tabs } = await one.sync({ spreadsheet: BOOK, ifUnchanged: 'skip' })
  await one.sync({ spreadsheet: OTHER })
  t.equal(await code(two, `/spreadsheets/${BOOK}`, 'DELETE'), 'SNAPSHOT_NOT_FOUND', 'what it may not see is not there')
  await two.sync({ spreadsheet: BOOK })

  t.equal(await code(one, `/spreadsheets/${BOOK}`, 'DELETE'), 204)
  t.equal(await code(one, `/spreadsheets/${BOOK}`), 'SNAPSHOT_NOT_FOUND')
  t.equal(await code(one, `/spreadsheets/${BOOK}/tabs/A`), 'SNAPSHOT_NOT_FOUND')
  t.equal(await code(one, `/syncs/${id}/files`), 'SNAPSHOT_NOT_FOUND', 'the sync is known, its files are gone')
  t.equal(await code(one, `/syncs/${id}/files/${tabs[0]?.files[0]?.name}`), 'SNAPSHOT_NOT_FOUND')
  t.equal(await one.status('GET', `/spreadsheets/${OTHER}/tabs/A`), 200)
  t.equal(await two.status('GET', `/spreadsheets/${BOOK}/tabs/A`), 200)

  const again = await one.sync({ spreadsheet: BOOK, ifUnchanged: 'skip' })
  t.equal(again.outcome, 'downloaded', 'nothing is there that could be unchanged')
  t.equal((await one.sync({ spreadsheet: BOOK, ifUnchanged: 'skip' })).outcome, 'unchanged')

  t.equal(await code(boss, `/spreadsheets/${BOOK}`, 'DELETE'), 204)
  t.equal(await code(two, `/spreadsheets/${BOOK}`), 'SNAPSHOT_NOT_FOUND')
  t.strictSame(
    (await readdir(`${directory}/snapshots`)).sort(),
    ['.staging', '.trash', OTHER],
    'not even its name is left',
  )
  t.strictSame(await readdir(`${directory}/snapshots/.trash`), [])
})

t.test('while one of the caller’s syncs is active nothing is erased', async (t) => {
  const emulator = await anEmulator(t, { workbooks: WORKBOOKS })
  const { setting, keys } = someKeys({ one: ['read', 'write'], two: ['read', 'write'], boss: ['admin'] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, API_KEYS: setting })
  const client = (key: string) => new ApiClient(url, key)
  await client(keys.one).sync({ spreadsheet: BOOK })
  await client(keys.two).sync({ spreadsheet: BOOK })
  emulator.setLatency({ baseMs: 60_000 })
  const { id } = await client(keys.one).start({ spreadsheet: BOOK })
  for (const key of [keys.one, keys.boss]) {
    const refused = await client(key).send('DELETE', `/spreadsheets/${BOOK}`)
    t.match(await refused.json(), { status: 409, code: 'SYNC_ACTIVE', detail: new RegExp(id) })
  }
  t.equal(
    await client(keys.two).status('DELETE', `/spreadsheets/${BOOK}`),
    204,
    'another’s sync is nobody else’s business',
  )
  t.equal(await client(keys.one).status('GET', `/spreadsheets/${BOOK}/tabs/A`), 200)
  await client(keys.one).send('POST', `/syncs/${id}/cancel`)
  const sync = await client(keys.one).send('GET', `/syncs/${id}`, undefined, { prefer: 'wait=25' })
  t.equal(((await sync.json()) as SyncView).state, 'cancelled')
  t.equal(await client(keys.boss).status('DELETE', `/spreadsheets/${BOOK}`), 204)
})

t.test('what waited in the queue while the room was used up fails, and says so', async (t) => {
  const emulator = await anEmulator(t, { workbooks: WORKBOOKS })
  const { url } = await aService(t, {
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    SNAPSHOT_BYTES_MAX: '0KB',
    SYNC_CONCURRENCY: '1',
  })
  t.equal(await new ApiClient(url).status('POST', '/syncs', { spreadsheet: BOOK }), 507, 'no room at all')
  const small = await aService(t, {
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    SYNC_CONCURRENCY: '1',
    SNAPSHOT_BYTES_MAX: '1KB',
  })
  const client = new ApiClient(small.url)
  const rows = { spreadsheet: BIG, formats: ['json' as const, 'csv' as const] }
  const first = await client.start(rows)
  const second = await client.start({ ...rows, ifActive: 'start' })
  const ended = async (id: string) => {
    const answer = await client.send('GET', `/syncs/${id}`, undefined, { prefer: 'wait=25' })
    return (await answer.json()) as SyncView
  }
  t.equal((await ended(first.id)).state, 'succeeded', 'what has begun may finish')
  t.match(await ended(second.id), { state: 'failed', error: { code: 'SNAPSHOTS_FULL', hint: /SNAPSHOT_BYTES_MAX/ } })
})
