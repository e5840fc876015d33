import t, { type Test } from 'tap'
import { syntheticTab } from '../emulator/workbook.ts'
import type { SyncView } from '../src/model/sync-view.ts'
import {
  aDirectory,
  anEmulator,
  aServiceProcess,
  environmentFor,
  finished,
  getSync,
  pollUntil,
  startSync,
} from './support/service.ts'

const ID = '1Several-0123456789_abcdefghijklmnopqrstuvwx'

/** Two server processes on one folder of data, and a Google for both. */
async function twoServices(t: Test, baseMs: number) {
  const tab = syntheticTab({ gid: 0, title: 'Many', rows: 20_000, columns: 10, kind: 'mixed' })
  const emulator = await anEmulator(t, { workbooks: [{ id: ID, title: 'Shared', tabs: [tab] }], latency: { baseMs } })
  const environment = { ...environmentFor(await aDirectory(t)), GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const one = await aServiceProcess(t, environment)
  const other = await aServiceProcess(t, environment)
  return { emulator, one, other }
}

t.test(
  'any process answers for any sync: at once after the 202, never behind what the other has answered, with the same rows',
  async (t) => {
    const { one, other } = await twoServices(t, 100)
    const posted = await startSync(one.url, { spreadsheet: ID })
    t.match(await getSync(other.url, posted.id), { id: posted.id }, 'there as soon as it was accepted')
    let behind = 0
    let polls = 0
    for (let sync: SyncView = posted; !finished(sync); polls += 1) {
      sync = await getSync(polls % 2 === 0 ? one.url : other.url, posted.id)
      const seen = await getSync(polls % 2 === 0 ? other.url : one.url, posted.id)
      if (seen.revision < sync.revision) behind += 1
    }
    t.equal(behind, 0, `${polls} pairs of polls`)
    const rows = await Promise.all(
      [one, other].map(async ({ url }) => (await fetch(`${url}/spreadsheets/${ID}/tabs/Many`)).text()),
    )
    t.equal((JSON.parse(rows[0] ?? '') as unknown[]).length, 19_999)
    t.ok(rows[0] === rows[1])
    t.match(await (await fetch(`${other.url}/syncs`)).json(), { syncs: [{ id: posted.id }] })
    t.equal((await fetch(`${other.url}/syncs/${posted.id}`, { method: 'DELETE' })).status, 204)
    t.equal((await fetch(`${one.url}/syncs/${posted.id}`)).status, 404, 'gone for both')
    for (const service of [one, other]) t.equal(await service.end('SIGTERM'), 0)
  },
)

t.test('a cancel on another process stops the sync within 2 s', async (t) => {
  const { emulator, one, other } = await twoServices(t, 50)
  emulator.fail({ on: { kind: 'values.batchGet', times: 'always' }, do: { kind: 'hang' } })
  const { id } = await startSync(one.url, { spreadsheet: ID })
  const running = await pollUntil(one.url, id, (sync) => sync.progress.phase === 'downloading')
  t.equal(running.state, 'running')
  // Both processes look for work, so either may have it; ask both, for one of the two is not the owner.
  const began = performance.now()
  const answers = await Promise.all(
    [one, other].map(({ url }) => fetch(`${url}/syncs/${id}/cancel`, { method: 'POST' })),
  )
  const statuses = answers.map(({ status }) => status)
  // The second to be asked may find it cancelled already, and says so with 200.
  t.ok(statuses.includes(202) && statuses.every((status) => status === 202 || status === 200), statuses.join(', '))
  t.match(await pollUntil(one.url, id, finished), { state: 'cancelled' })
  t.ok(performance.now() - began < 2500, `${Math.round(performance.now() - began)} ms`)
  for (const service of [one, other]) t.equal(await service.end('SIGTERM'), 0)
})
