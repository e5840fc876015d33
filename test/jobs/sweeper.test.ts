import t, { type Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import { Sweeper } from '../../src/jobs/sweeper.ts'
import type { Log } from '../../src/ports/log.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { cancelSync } from '../../src/syncs/sync.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryIdempotency } from '../support/memory-key-value-store.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'

const TTL_MS = 60_000
const INTERVAL_MS = 10_000

async function aWorld(t: Test) {
  const clock = new FakeClock()
  const storage = new MemoryStorage()
  const logged: string[] = []
  const note = (_: object, message: string) => logged.push(message)
  const log: Log = { debug() {}, info() {}, warn: note, error: note }
  const snapshots = new LocalSnapshotStore({ directory: testFolder(t), kept: 1, log })
  await snapshots.start()
  const idempotency = new MemoryIdempotency()
  const sweeper = new Sweeper({ storage, idempotency, snapshots, clock, log, intervalMs: INTERVAL_MS })
  t.teardown(async () => {
    await sweeper.close()
    await snapshots.close()
  })
  const live = aQueuedSync({}, clock.now())
  const ended = cancelSync(aQueuedSync({}, clock.now()), clock.now(), TTL_MS)
  await storage.create(live)
  await storage.create(ended)
  return { clock, storage, idempotency, snapshots, sweeper, logged, live, ended }
}

t.test('by timer, what has expired is removed and what lives is kept', async (t) => {
  const { clock, storage, sweeper, live, ended } = await aWorld(t)
  sweeper.start()
  while ((await storage.get(ended.id)) !== undefined) await clock.advance(INTERVAL_MS / 10)
  t.ok(clock.monotonic() >= TTL_MS, 'not before its time')
  t.ok(await storage.get(live.id))
})

t.test('idempotency keys are forgotten when their time is up; a failure of that stops nothing else', async (t) => {
  const { clock, storage, idempotency, sweeper, logged, ended } = await aWorld(t)
  const reservation = { key: 'a'.repeat(64), fingerprint: 'f', syncId: ended.id, now: clock.now(), ttlMs: TTL_MS }
  await idempotency.reserve(reservation)
  await sweeper.sweep()
  t.equal((await idempotency.reserve(reservation)).state, 'in-flight')
  await clock.advance(TTL_MS)
  await sweeper.sweep()
  t.equal(await idempotency.cleanup(clock.now()), 0, 'it was forgotten')
  idempotency.cleanup = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'no keys'))
  await sweeper.sweep()
  t.match(logged, [/a pass of the sweeper failed/])
  t.equal(await storage.get(ended.id), undefined)
})

t.test('a storage that cannot be swept keeps nothing else from being swept', async (t) => {
  const { clock, storage, snapshots, idempotency, sweeper, logged } = await aWorld(t)
  const swept: string[] = []
  storage.cleanup = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'no status'))
  snapshots.sweepDrafts = async () => swept.push('drafts')
  snapshots.sweep = async () => swept.push('snapshots')
  idempotency.cleanup = async () => swept.push('keys')
  await clock.advance(TTL_MS)
  await sweeper.sweep()
  t.same(swept, ['drafts', 'keys', 'snapshots'])
  t.match(logged, [/a pass of the sweeper failed/])
})

t.test('after the wall clock was set, a pass is skipped; nothing live is ever deleted', async (t) => {
  const { clock, storage, sweeper, logged, live, ended } = await aWorld(t)
  await sweeper.sweep()
  clock.setWall(10 * TTL_MS)
  await sweeper.sweep()
  t.ok(await storage.get(ended.id), 'nobody knows yet whether it has expired')
  t.match(logged, [/wall clock/])
  await sweeper.sweep()
  t.equal(await storage.get(ended.id), undefined, 'the clock agrees with itself again')
  t.ok(await storage.get(live.id))
})

t.test('what is staged for a live sync stays, what is staged for any other goes', async (t) => {
  const { snapshots, sweeper, live, ended } = await aWorld(t)
  for (const sync of [live, ended]) {
    const draft = await snapshots.openDraft({ spreadsheetId: sync.spreadsheet.id, syncId: sync.id, epoch: 1 })
    await draft.append('a-0.json', Buffer.from('x'))
    await draft.saveCheckpoint({ of: sync.id })
    await draft.close()
  }
  await sweeper.sweep()
  const key = (id: string) => ({ spreadsheetId: live.spreadsheet.id, syncId: id, epoch: 2 })
  const kept = await snapshots.openDraft(key(live.id))
  const gone = await snapshots.openDraft(key(ended.id))
  t.same(kept.checkpoint, { of: live.id })
  t.equal(gone.checkpoint, undefined)
  await kept.close()
  await gone.close()
})

t.test('what is staged for a sync that a newer release goes on with stays', async (t) => {
  const { storage, snapshots, sweeper, live } = await aWorld(t)
  const draft = await snapshots.openDraft({ spreadsheetId: live.spreadsheet.id, syncId: live.id, epoch: 1 })
  await draft.append('a-0.json', Buffer.from('x'))
  await draft.saveCheckpoint({ of: live.id })
  await draft.close()
  storage.get = () => Promise.reject(new AppError('STATUS_FORMAT_NEWER', 'written by a newer release'))
  await sweeper.sweep()
  const kept = await snapshots.openDraft({ spreadsheetId: live.spreadsheet.id, syncId: live.id, epoch: 2 })
  t.same(kept.checkpoint, { of: live.id })
  await kept.close()
})

t.test('a close aborts the pass under way and waits for it, which is no failure', async (t) => {
  const { storage, sweeper, logged } = await aWorld(t)
  const begun = Promise.withResolvers<void>()
  storage.cleanup = (_, { signal } = {}) =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason))
      begun.resolve()
    })
  sweeper.start()
  await begun.promise
  await sweeper.close()
  t.same(logged, [])
})

t.test('a pass that fails is told, and the next one comes all the same', async (t) => {
  const { clock, storage, sweeper, logged, ended } = await aWorld(t)
  const cleanup = storage.cleanup.bind(storage)
  let failures = 1
  storage.cleanup = async (now) => {
    if (failures-- > 0) throw new AppError('STORAGE_UNAVAILABLE', 'the disk is away')
    return cleanup(now)
  }
  sweeper.start()
  while ((await storage.get(ended.id)) !== undefined) await clock.advance(INTERVAL_MS / 10)
  t.match(logged, [/failed/])
})
