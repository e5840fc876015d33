import { readdir } from 'node:fs/promises'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { anEmulator } from '../support/service.ts'
import { aConfinedService } from './support/confined-service.ts'

const BOOK = '1Hoarder-0123456789_abcdefghijklmnopqrstuvwx'
const ROWS = 60
const GRID = Array.from({ length: ROWS }, (_, row) => ['A', 'B', 'C', 'D'].map((name) => (row === 0 ? name : row)))

const books = (ids: readonly string[]) =>
  ids.map((id) => ({
    id,
    title: 'Hoard',
    tabs: [tabFromRows(0, 'Sheet1', GRID)],
    namedRanges: [
      { name: 'Corner', gid: 0, range: { startRowIndex: 0, endRowIndex: 2, startColumnIndex: 0, endColumnIndex: 2 } },
    ],
  }))

t.test('40 syncs of unlike ranges, and of other spellings of the same cells', async (t) => {
  const emulator = await anEmulator(t, { workbooks: books([BOOK]) })
  const environment = { GOOGLE_API_ROOT_URL: emulator.rootUrl, SNAPSHOTS_KEPT: '1' }
  const service = await aConfinedService(t, { environment })
  const client = new ApiClient(service.url)
  const kept = async () => (await readdir(`${service.directory}/snapshots/${BOOK}`)).length
  const syncAll = async (bodies: readonly Partial<SyncRequestInput>[]) => {
    for (const body of bodies) t.equal((await client.sync({ spreadsheet: BOOK, ...body })).state, 'succeeded')
  }
  const spellings = [
    'A1:B2',
    'Sheet1!A1:B2',
    '$A$1:$B$2',
    'a1:b2',
    'B2:A1',
    'gid:0!A1:B2',
    "'sheet1'!$A1:B$2",
    'Corner',
  ]
  await syncAll(spellings.map((range) => ({ ranges: [range] })))
  t.equal(await kept(), 1)
  t.comment(`${spellings.length} spellings of the same cells: ${await kept()} kept`)

  await syncAll([{}])
  await syncAll(Array.from({ length: 40 }, (_, index) => ({ ranges: [`A1:C${index + 3}`] })))
  t.equal(await kept(), 11)
  t.equal(await client.status('GET', `/spreadsheets/${BOOK}/tabs/Sheet1`), 200)
  const rows = await client.json<unknown[]>(`/spreadsheets/${BOOK}/tabs/Sheet1`)
  t.equal(rows.length, ROWS - 1, 'the whole tab is still what is read')
  t.comment(`a whole tab, then 40 unlike ranges: ${await kept()} kept; peak ${Math.round(await service.peakMb())} MB`)
  t.equal(await client.status('DELETE', `/spreadsheets/${BOOK}`), 204)
  t.strictSame((await readdir(`${service.directory}/snapshots`)).sort(), ['.staging', '.trash'])
})

t.test('one key fills its share with unlike spreadsheets', async (t) => {
  const ids = Array.from({ length: 30 }, (_, index) => `${BOOK.slice(0, -2)}${index + 10}`)
  const emulator = await anEmulator(t, { workbooks: books(ids) })
  const { setting, keys } = someKeys({ greedy: ['read', 'write'], modest: ['read', 'write'] })
  const environment = {
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    API_KEYS: setting,
    SNAPSHOT_BYTES_PER_KEY: '20KB',
    SNAPSHOT_BYTES_MAX: '30KB',
  }
  const service = await aConfinedService(t, { environment })
  const [greedy, modest] = [new ApiClient(service.url, keys.greedy), new ApiClient(service.url, keys.modest)]
  /** Syncs one spreadsheet after the other until one is refused; how many were not. */
  const fill = async (client: ApiClient, setting: string): Promise<number> => {
    for (const [index, id] of ids.entries()) {
      const answer = await client.send('POST', '/syncs', { spreadsheet: id })
      const { id: syncId, ...problem } = (await answer.json()) as { id: string }
      if (answer.status !== 202) {
        t.match(problem, { status: 507, code: 'SNAPSHOTS_FULL', hint: new RegExp(setting) })
        return index
      }
      const { finishedAt } = await client.json<{ finishedAt?: string }>(`/syncs/${syncId}`)
      if (finishedAt === null)
        await (await client.send('GET', `/syncs/${syncId}`, undefined, { prefer: 'wait=25' })).text()
    }
    return ids.length
  }
  const ofGreedy = await fill(greedy, 'SNAPSHOT_BYTES_PER_KEY')
  const ofModest = await fill(modest, 'SNAPSHOT_BYTES_MAX')
  t.ok(ofGreedy > 0 && ofGreedy < ids.length)
  t.ok(ofModest > 0 && ofModest < ofGreedy)
  for (const id of ids.slice(0, ofGreedy)) t.equal(await greedy.status('GET', `/spreadsheets/${id}/tabs/Sheet1`), 200)
  t.comment(
    `one key has ${ofGreedy} snapshots of 30 (20 KB), the next ${ofModest} (30 KB of all), then 507; all are answered`,
  )
  await greedy.send('DELETE', `/spreadsheets/${ids[0]}`)
  t.equal(await greedy.status('POST', '/syncs', { spreadsheet: ids[0] }), 202, 'what was erased makes room')
})

t.test('snapshots that are too old go, the newest too', async (t) => {
  const emulator = await anEmulator(t, { workbooks: books([BOOK]) })
  const environment = { GOOGLE_API_ROOT_URL: emulator.rootUrl, SNAPSHOT_TTL: '1s', SWEEP_INTERVAL: '200ms' }
  const service = await aConfinedService(t, { environment })
  const client = new ApiClient(service.url)
  await client.sync({ spreadsheet: BOOK })
  const began = Date.now()
  while ((await client.status('GET', `/spreadsheets/${BOOK}`)) !== 404)
    await new Promise((done) => setTimeout(done, 50))
  t.comment(`with SNAPSHOT_TTL=1s gone after ${Date.now() - began} ms`)
})
