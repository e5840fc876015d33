import t, { type Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import { InProcessRunner } from '../../src/jobs/in-process-runner.ts'
import { HEARTBEAT_MS, LEASE_TIMEOUT_MS } from '../../src/jobs/lease-observer.ts'
import type { Sync } from '../../src/model/sync.ts'
import { silentLog } from '../../src/ports/log.ts'
import { claimSync, interruptSync } from '../../src/syncs/sync.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { MemoryLeases } from '../support/memory-leases.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { HeldJob } from './conformance.ts'

interface World {
  readonly clock: FakeClock
  readonly leases: MemoryLeases
  readonly storage: MemoryStorage
  readonly job: HeldJob
  readonly runner: InProcessRunner
  /** A sync that another process runs. */
  readonly sync: Sync
}

async function aWorld(t: Test): Promise<World> {
  const clock = new FakeClock()
  const leases = new MemoryLeases()
  const storage = new MemoryStorage()
  const job = new HeldJob()
  const runner = new InProcessRunner({
    storage,
    leases,
    job: job.run,
    clock,
    log: silentLog,
    concurrency: 4,
    statusTtlMs: 60_000,
    deadlineMs: 7_200_000,
  })
  const queued = aQueuedSync({}, clock.now())
  await storage.create(queued)
  const sync = claimSync(queued, 'another', clock.now())
  await storage.replace(sync, queued.revision)
  t.teardown(() => runner.close())
  return { clock, leases, storage, job, runner, sync }
}

t.test('a sync whose owner beats is left alone, however long it takes', async (t) => {
  const { clock, leases, runner, sync, job } = await aWorld(t)
  await runner.start()
  for (let passed = 0; passed < 10 * LEASE_TIMEOUT_MS; passed += HEARTBEAT_MS) {
    await leases.renew(sync.id, sync.lease.epoch)
    await clock.advance(HEARTBEAT_MS)
  }
  t.equal(job.started.length, 0)
})

t.test('a sync whose owner is silent is taken over within 30 s of its last beat, under the next epoch', async (t) => {
  const { clock, leases, runner, sync, storage, job } = await aWorld(t)
  await leases.renew(sync.id, sync.lease.epoch)
  await runner.start()
  await clock.advance(LEASE_TIMEOUT_MS - HEARTBEAT_MS)
  t.equal(job.started.length, 0, 'not before')
  await clock.advance(30_000 - LEASE_TIMEOUT_MS + HEARTBEAT_MS)
  t.equal(job.started.length, 1)
  t.match(await storage.get(sync.id), { state: 'running', attempt: 2, lease: { epoch: 2 } })
})

t.test('an owner that died before its first beat is found as well', async (t) => {
  const { clock, runner, job } = await aWorld(t)
  await runner.start()
  await clock.advance(30_000)
  t.equal(job.started.length, 1)
})

t.test('an owner that is known to be dead is not waited for', async (t) => {
  const { clock, leases, runner, sync, job } = await aWorld(t)
  await leases.renew(sync.id, sync.lease.epoch)
  leases.gone.add(sync.id)
  await runner.start()
  await clock.advance(0)
  t.equal(job.started.length, 1)
})

t.test('a wall clock that is set by hours takes nothing over', async (t) => {
  const { clock, leases, runner, sync, job } = await aWorld(t)
  await runner.start()
  for (const jump of [600_000, -3_600_000, 86_400_000]) {
    await leases.renew(sync.id, sync.lease.epoch)
    clock.setWall(jump)
    await clock.advance(HEARTBEAT_MS)
  }
  t.equal(job.started.length, 0)
})

t.test('an observer that was itself stopped does not take its own sleep for the death of others', async (t) => {
  const { clock, leases, runner, sync, job } = await aWorld(t)
  await leases.renew(sync.id, sync.lease.epoch)
  await runner.start()
  await clock.advance(0)
  // Stopped: the monotonic clock leaps, but no look was taken in between.
  clock.leap(10 * LEASE_TIMEOUT_MS)
  await clock.advance(HEARTBEAT_MS)
  t.equal(job.started.length, 0)
  await leases.renew(sync.id, sync.lease.epoch)
  await clock.advance(HEARTBEAT_MS)
  await settle()
  t.equal(job.started.length, 0, 'the beat that came at last counts')
})

t.test(
  'owners that could not beat while the server of all was gone are not taken for dead when it is back',
  async (t) => {
    const { clock, leases, runner, sync, storage, job } = await aWorld(t)
    await leases.renew(sync.id, sync.lease.epoch)
    await runner.start()
    await clock.advance(5 * HEARTBEAT_MS)
    const list = storage.list.bind(storage)
    storage.list = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'gone'))
    await clock.advance(2 * LEASE_TIMEOUT_MS)
    storage.list = list
    await clock.advance(HEARTBEAT_MS)
    t.equal(job.started.length, 0, 'the observer is back before the owner')
    await clock.advance(30_000)
    t.equal(job.started.length, 1, 'an owner that never comes back is found as ever')
  },
)

t.test('a sync whose record a newer release has written is left to it, and its job is stopped', async (t) => {
  const { clock, leases, runner, sync, storage, job } = await aWorld(t)
  await leases.renew(sync.id, sync.lease.epoch)
  leases.gone.add(sync.id)
  await runner.start()
  await clock.advance(0)
  t.equal(job.started.length, 1)
  const written = await storage.get(sync.id)
  const get = storage.get.bind(storage)
  storage.get = () => Promise.reject(new AppError('STATUS_FORMAT_NEWER', 'written by a newer release'))
  await clock.advance(HEARTBEAT_MS)
  t.match(job.contexts[0]?.signal, { aborted: true, reason: { why: 'superseded' } })
  storage.get = get
  t.equal(await storage.get(sync.id), written, 'nothing is recorded')
})

t.test('each owner whose process died is counted, and the attempt before the last is made alone', async (t) => {
  const { clock, leases, runner, sync, storage, job } = await aWorld(t)
  const twiceDead = {
    ...aQueuedSync({}, clock.now()),
    state: 'running' as const,
    lease: { epoch: 5, owner: 'a', died: [3, 4] },
  }
  const alike = { ...twiceDead, id: aQueuedSync().id }
  for (const each of [twiceDead, alike]) await storage.create(each)
  for (const { id, lease } of [sync, twiceDead, alike]) {
    await leases.renew(id, lease.epoch)
    leases.gone.add(id)
  }
  await runner.start()
  await clock.advance(0)
  const diedOf = () => job.started.map(({ lease }) => lease.died)
  t.strictSame(diedOf(), [[1], [3, 4, 5]], 'one of the two may have killed the other')
  await clock.advance(3 * HEARTBEAT_MS)
  t.equal(job.started.length, 2)
  job.contexts[1]?.report({ checkpointed: true })
  await clock.advance(HEARTBEAT_MS)
  t.strictSame(diedOf(), [[1], [3, 4, 5], [3, 4, 5]], 'what makes progress kills nobody')
})

t.test('a sync that was given back has not died', async (t) => {
  const { clock, runner, sync, storage, job } = await aWorld(t)
  await storage.replace(interruptSync(sync, clock.now()), sync.revision)
  await runner.start()
  await clock.advance(0)
  t.strictSame(
    job.started.map(({ lease }) => lease.died),
    [[]],
  )
})
