import { pino } from 'pino'
import type { Test } from 'tap'
import { type AppDependencies, buildApp } from '../../src/app.ts'
import type { FinishedSync } from '../../src/model/sync.ts'
import type { JobRunner } from '../../src/ports/job-runner.ts'
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts'
import type { SyncStorage } from '../../src/ports/sync-storage.ts'
import type { IdempotencyStore } from '../../src/syncs/idempotency-store.ts'
import { SyncService } from '../../src/syncs/sync-service.ts'
import { FakeClock } from './fake-clock.ts'
import { MemoryIdempotency } from './memory-key-value-store.ts'

/** Runs nothing: what happens to a sync, the test does itself. */
const idleRunner: JobRunner = {
  start: async () => {},
  enqueue: async () => {},
  notifyCancel: () => {},
  close: async () => {},
}

/** The HTTP side over a storage, listening, with a clock that the test moves and nobody who runs syncs. */
export async function anApp(
  t: Test,
  storage: SyncStorage,
  store: IdempotencyStore = new MemoryIdempotency(),
  {
    clock = new FakeClock(),
    ...dependencies
  }: Omit<Partial<AppDependencies>, 'clock'> & { readonly clock?: FakeClock } = {},
) {
  const rememberEnd = (sync: FinishedSync) => store.recordEnd(sync, clock.now())
  const service = new SyncService({ storage, runner: idleRunner, clock, statusTtlMs: 300_000, rememberEnd })
  const app = await buildApp({
    service,
    idempotency: store,
    snapshots: {} as SnapshotStore,
    checkReady: async () => {},
    log: pino({ level: 'silent' }),
    version: '0.0.0',
    clock,
    ...dependencies,
  })
  t.teardown(async () => {
    service.drain()
    await app.close()
    await storage.close()
  })
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), app, service, clock }
}
