import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.ts'
import { Bell } from '../../src/jobs/bullmq/bell.ts'
import { BullMqRunner } from '../../src/jobs/bullmq-runner.ts'
import type { SyncJob } from '../../src/jobs/job-runner.ts'
import { silentLog } from '../../src/log.ts'
import { MemoryStorage } from '../../src/storage/memory-storage.ts'
import { MemoryLeases } from '../support/memory-leases.ts'
import { aNamespace, isThere, POSTGRES_URL, REDIS_URL, type ServerKind } from '../support/queue-servers.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { HeldJob, type RunnerOptions, type RunnerWorld, testJobRunner } from './conformance.ts'

async function makeWorld(t: Test, url: string): Promise<RunnerWorld & { readonly namespace: string }> {
  const storage = new MemoryStorage()
  const leases = new MemoryLeases()
  const namespace = aNamespace(t, url)
  return {
    storage,
    namespace,
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

    t.test('a runner that stops leaves what waits in the queue to others', async (t) => {
      const { storage, namespace, runner } = await makeWorld(t, url)
      const held = new HeldJob()
      const slow = Promise.withResolvers<void>()
      // Of two jobs one stops at once and leaves its place free, while the other still saves what it has.
      const job: SyncJob = async (sync, context) => {
        const isSlow = held.started.length > 0
        try {
          return await held.run(sync, context)
        } finally {
          if (isSlow) await slow.promise
        }
      }
      const leaving = runner({ job, concurrency: 2 })
      t.teardown(() => leaving.close())
      await leaving.start()
      const syncs = Array.from({ length: 20 }, () => aQueuedSync({}, new Date()))
      for (const sync of syncs) {
        await storage.create(sync)
        await leaving.enqueue(sync.id)
      }
      await held.starts(2)
      const closed = leaving.close()
      await systemClock.sleep(500)
      slow.resolve()
      await closed
      const bell = new Bell({ url, namespace, clock: systemClock, log: silentLog })
      t.teardown(() => bell.close())
      bell.start()
      t.ok((await bell.waiting()) >= 16, 'they still wait')
    })
  })
}
