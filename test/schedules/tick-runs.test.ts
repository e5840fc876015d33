import t from 'tap'
import { AppError } from '../../src/errors.ts'
import { Scheduler } from '../../src/jobs/scheduler.ts'
import { syncRequestBody } from '../../src/model/sync-request.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { TickRuns } from '../../src/schedules/tick-runs.ts'
import { ANYONE } from '../../src/syncs/caller.ts'
import { settle } from '../support/fake-clock.ts'
import { aWorld, MINUTE, TTL_MS } from './schedule-processes.ts'

t.test('of ten processes that find a tick at once one starts its sync, which the schedule names', async (t) => {
  const { clock, aProcess, aSchedule, read, syncs } = aWorld()
  const id = await aSchedule()
  clock.leap(MINUTE)
  await Promise.all(Array.from({ length: 10 }, () => aProcess().runs.work(id)))
  const [sync, ...others] = await syncs(id)
  t.same(others, [])
  t.match(sync, { scheduleId: id, tick: '2026-01-01T00:01:00.000Z', background: true })
  t.match(await read(id), {
    run: null,
    nextRunAt: '2026-01-01T00:02:00.000Z',
    lastSync: { id: sync?.id, tick: sync?.tick, state: 'queued', joined: false, finishedAt: null },
  })
})

t.test('ticks that were missed collapse into one run', async (t) => {
  const { clock, aProcess, aSchedule, read, syncs } = aWorld()
  const id = await aSchedule()
  clock.leap(10.5 * MINUTE)
  const { runs } = aProcess()
  await runs.work(id)
  await runs.work(id)
  t.equal((await syncs(id)).length, 1)
  t.equal((await read(id)).nextRunAt, '2026-01-01T00:11:00.000Z')
})

t.test('a run that is still active when the next tick comes is joined', async (t) => {
  const { clock, aProcess, aSchedule, read, syncs, end } = aWorld()
  const id = await aSchedule()
  const { runs } = aProcess()
  for (let n = 0; n < 3; n += 1) {
    clock.leap(MINUTE)
    await runs.work(id)
  }
  const [sync, ...others] = await syncs(id)
  t.same(others, [])
  t.match(await read(id), { lastSync: { id: sync?.id, tick: '2026-01-01T00:03:00.000Z', joined: true } })
  await end(sync?.id ?? '', 'succeeded', runs)
  clock.leap(MINUTE)
  await runs.work(id)
  t.equal((await syncs(id)).length, 2)
})

t.test('a tick whose process died before it started the sync is taken up, and has one sync', async (t) => {
  const { clock, store, aProcess, aSchedule, read, syncs } = aWorld()
  const id = await aSchedule()
  clock.leap(MINUTE)
  const dying = aProcess()
  dying.service.start = () => new Promise(() => {})
  void dying.runs.work(id)
  await settle()
  const claimed = (await read(id)).run
  t.match(claimed, { tick: '2026-01-01T00:01:00.000Z' })
  const { runs } = aProcess()
  await runs.work(id)
  t.same(await syncs(id), [], 'it may still be at work')
  clock.leap(10_000)
  t.same(await store.due(clock.now(), 10), [id])
  await runs.work(id)
  t.same(
    (await syncs(id)).map(({ id: syncId }) => syncId),
    [claimed?.syncId],
  )
  t.match(await read(id), { run: null, lastSync: { id: claimed?.syncId } })
})

t.test('a tick whose process died after it started the sync has that sync, though it has ended since', async (t) => {
  const { clock, aProcess, aSchedule, read, syncs, end } = aWorld()
  const id = await aSchedule()
  clock.leap(MINUTE)
  const dying = aProcess()
  const start = dying.service.start.bind(dying.service)
  dying.service.start = async (...args) => {
    await start(...args)
    return new Promise(() => {})
  }
  void dying.runs.work(id)
  await settle()
  clock.leap(10_000)
  const { runs } = aProcess()
  await runs.work(id)
  const [sync] = await syncs(id)
  await end(sync?.id ?? '', 'succeeded', runs)
  t.equal((await syncs(id)).length, 1)
  t.match(await read(id), { run: null, lastSync: { id: sync?.id, state: 'succeeded' }, lastSuccess: { id: sync?.id } })
})

t.test('a process that slept past STATUS_TTL between claim and create re-creates nothing', async (t) => {
  const { clock, storage, aProcess, aSchedule, syncs, end } = aWorld()
  const id = await aSchedule()
  clock.leap(MINUTE)
  const sleeping = aProcess()
  const start = sleeping.service.start.bind(sleeping.service)
  const woken = Promise.withResolvers<void>()
  sleeping.service.start = async (...args) => {
    await woken.promise
    return start(...args)
  }
  const working = sleeping.runs.work(id)
  await settle()
  clock.leap(10_000)
  const { runs } = aProcess()
  await runs.work(id)
  const [sync] = await syncs(id)
  await end(sync?.id ?? '', 'succeeded', runs)
  clock.leap(2 * TTL_MS)
  await storage.cleanup(clock.now())
  t.same(await syncs(id), [], 'it is forgotten')
  let creates = 0
  storage.create = async () => {
    creates += 1
  }
  woken.resolve()
  await working
  t.equal(creates, 0, 'it is not even recorded')
})

t.test('a sync that was recorded though another process has settled its run is taken back', async (t) => {
  const { clock, storage, aProcess, aSchedule, syncs, end, read } = aWorld()
  const id = await aSchedule()
  clock.leap(MINUTE)
  const sleeping = aProcess()
  const create = storage.create.bind(storage)
  const woken = Promise.withResolvers<void>()
  storage.create = async (sync) => {
    storage.create = create
    await woken.promise
    return create(sync)
  }
  const working = sleeping.runs.work(id)
  await settle()
  clock.leap(10_000)
  const { runs } = aProcess()
  await runs.work(id)
  const [sync] = await syncs(id)
  await end(sync?.id ?? '', 'succeeded', runs)
  await storage.remove(sync?.id ?? '', 3)
  woken.resolve()
  await working
  t.same(await syncs(id), [])
  t.match(await read(id), { run: null, lastSync: { id: sync?.id, state: 'succeeded' } })
})

t.test('after so many failures in a row it pauses itself and says why; resumed, it runs again', async (t) => {
  const { clock, aProcess, aSchedule, read, syncs, end } = aWorld()
  const request = syncRequestBody.parse({ spreadsheet: 'a-spreadsheet', webhook: { url: 'https://example.com/hook' } })
  const id = await aSchedule({ request })
  const { runs, schedules, service } = aProcess()
  service.faultOfWebhook = () => undefined
  for (let n = 1; n <= 3; n += 1) {
    // The webhook of a sync needs a secret; that of the schedule is what is tested.
    const start = service.start.bind(service)
    service.start = ({ webhook: _, ...body }, ...rest) => start(body, ...rest)
    clock.leap(MINUTE)
    await runs.work(id)
    service.start = start
    await end((await syncs(id))[0]?.id ?? '', 'failed', runs)
    t.equal((await read(id)).failuresInARow, n)
  }
  const paused = await read(id)
  t.match(paused, { state: 'paused', nextRunAt: null, pause: { reason: 'failures', code: 'SHEET_NOT_FOUND' } })
  t.match(paused.notice, { tries: 0 })
  clock.leap(10 * MINUTE)
  await runs.work(id)
  t.equal((await syncs(id)).length, 3)
  t.match(await schedules.resume(id, ANYONE), { state: 'active', pause: null, failuresInARow: 0 })
  t.equal((await read(id)).nextRunAt, '2026-01-01T00:14:00.000Z')
})

t.test('a success between failures begins the count anew', async (t) => {
  const { clock, aProcess, aSchedule, read, syncs, end } = aWorld()
  const id = await aSchedule()
  const { runs } = aProcess()
  for (const how of ['failed', 'failed', 'succeeded', 'failed', 'failed'] as const) {
    clock.leap(MINUTE)
    await runs.work(id)
    await end((await syncs(id))[0]?.id ?? '', how, runs)
  }
  t.match(await read(id), { state: 'active', failuresInARow: 2 })
})

t.test('the end of a sync that nobody told of is found out, in time or at the next tick', async (t) => {
  const { clock, storage, aProcess, aSchedule, read, syncs, end } = aWorld()
  const id = await aSchedule()
  const { runs } = aProcess()
  clock.leap(MINUTE)
  await runs.work(id)
  await end((await syncs(id))[0]?.id ?? '', 'failed', { noteEnd: async () => {} } as unknown as TickRuns)
  t.match(await read(id), { failuresInARow: 0, lastSync: { state: 'queued' } })
  clock.leap(30_000)
  await runs.work(id)
  t.match(await read(id), { failuresInARow: 1, lastSync: { state: 'failed' }, checkAt: null })
  t.equal((await storage.list({ pageSize: 10 })).syncs.length, 1)
})

t.test('whose key is gone, or may not read the spreadsheet any more, is paused at the next tick', async (t) => {
  const { clock, aProcess, aSchedule, read, syncs, authorizeBy } = aWorld()
  const { runs } = aProcess()
  const gone = await aSchedule({}, 'a-key')
  clock.leap(MINUTE)
  authorizeBy(() => {
    throw new AppError('API_KEY_INVALID', 'There is no API key a-key any more.')
  })
  await runs.work(gone)
  t.match(await read(gone), { state: 'paused', run: null, pause: { reason: 'forbidden', code: 'API_KEY_INVALID' } })
  const other = await aSchedule({}, 'a-key')
  clock.leap(MINUTE)
  authorizeBy(() => ({ name: 'a-key', seesAll: false, spreadsheets: new Set(['another']) }))
  await runs.work(other)
  t.match(await read(other), { state: 'paused', pause: { reason: 'forbidden', code: 'SPREADSHEET_NOT_ALLOWED' } })
  t.same([...(await syncs(gone)), ...(await syncs(other))], [])
})

t.test(
  'a run for which there is no room says so, is tried again, and stands for the next tick when that comes',
  async (t) => {
    const { clock, aProcess, aSchedule, read, syncs, store } = aWorld({ maxQueued: 2 })
    const [first, second] = [
      await aSchedule(),
      await aSchedule({ request: syncRequestBody.parse({ spreadsheet: 'b' }) }),
    ]
    const { runs } = aProcess()
    clock.leap(MINUTE)
    await runs.work(first)
    await runs.work(second)
    const refused = await read(second)
    t.match(refused, { fault: { code: 'QUEUE_FULL', tries: 1 }, run: { tick: '2026-01-01T00:01:00.000Z', tries: 1 } })
    t.equal(refused.fault?.nextTryAt, refused.run?.retryAt)
    clock.leap(5000)
    t.ok((await store.due(clock.now(), 10)).includes(second))
    await runs.work(second)
    t.match((await read(second)).fault, { tries: 2 })
    clock.leap(MINUTE)
    await runs.work(second)
    t.match(await read(second), { run: { syncId: refused.run?.syncId, tick: '2026-01-01T00:02:00.000Z' } })
    t.same(await syncs(second), [])
  },
)

t.test('a change is followed by a run once no other has come for 20 s, or after 2 minutes', async (t) => {
  const { clock, aProcess, aSchedule, read, syncs, end } = aWorld()
  const id = await aSchedule({ every: null, onChange: true })
  const { runs, schedules } = aProcess()
  await schedules.noteChange([id, 'schedule-unknown'], clock.now(), '7')
  clock.leap(19_000)
  await schedules.noteChange([id], clock.now(), '8')
  clock.leap(19_000)
  await runs.work(id)
  t.same(await syncs(id), [])
  clock.leap(1000)
  await runs.work(id)
  const [sync] = await syncs(id)
  t.match(sync, { request: { ifUnchanged: 'skip' }, background: true })
  await end(sync?.id ?? '', 'succeeded', runs)
  for (let n = 0; n < 12; n += 1) {
    await schedules.noteChange([id], clock.now())
    clock.leap(10_000)
    await runs.work(id)
  }
  t.equal((await syncs(id)).length, 2)
  t.equal((await read(id)).changed, null)
})

t.test('a clock that is set back puts nothing off; one that is set ahead makes one run', async (t) => {
  const { clock, store, aProcess, aSchedule, read, syncs } = aWorld()
  const id = await aSchedule()
  const { runs } = aProcess()
  const scheduler = new Scheduler({ store, runs, notices: { notify() {} }, clock, log: silentLog })
  scheduler.start()
  await clock.advance(1000)
  clock.setWall(86_400_000)
  await clock.advance(2000)
  t.equal((await syncs(id)).length, 1)
  t.equal((await read(id)).nextRunAt, '2026-01-02T00:01:00.000Z')
  clock.setWall(-86_400_000)
  await clock.advance(2000)
  t.equal((await read(id)).nextRunAt, '2026-01-01T00:01:00.000Z')
  const closing = scheduler.close()
  await clock.advance(1000)
  await closing
})
