import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.ts'
import { BullMqRunner } from '../../src/jobs/bullmq-runner.ts'
import { silentLog } from '../../src/log.ts'
import { MemoryStorage } from '../../src/storage/memory-storage.ts'
import { MemoryLeases } from '../support/memory-leases.ts'
import { aNamespace, isThere, POSTGRES_URL, REDIS_URL, type ServerKind } from '../support/queue-servers.ts'
import { type RunnerOptions, type RunnerWorld, testJobRunner } from './conformance.ts'

async function makeWorld(t: Test, url: string): Promise<RunnerWorld> {
  const storage = new MemoryStorage()
  const leases = new MemoryLeases()
  const namespace = aNamespace(t, url)
  return {
    storage,
    runner: ({ job, concurrency = 4, deadlineMs = 60_000, clock = systemClock }: RunnerOptions) =>
      new BullMqRunner({
        url,
        namespace,
        storage,
        leases,
        job,
        clock,
        log: silentLog,
        concurrency,
        statusTtlMs: 60_000,
        deadlineMs,
      }),
  }
}

for (const [kind, url] of [
  ['redis', REDIS_URL],
  ['postgres', POSTGRES_URL],
] as const satisfies [ServerKind, string][]) {
  const skip = (await isThere(kind)) ? false : `no ${kind} here`
  t.test(`BullMqRunner on ${kind}`, { skip }, async (t) => {
    testJobRunner(t, (t) => makeWorld(t, url))
  })
}
