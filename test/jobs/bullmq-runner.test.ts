import t, { type Test } from 'tap'
import { SyncQueue } from '../../src/jobs/bullmq/sync-queue.ts'
import { BullMqRunner } from '../../src/jobs/bullmq-runner.ts'
import type { LeaseStore } from '../../src/jobs/lease-store.ts'
import type { SyncJob } from '../../src/ports/job-runner.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { SyncStorage } from '../../src/ports/sync-storage.ts'
import { DatabaseStorage } from '../../src/storage/database-storage.ts'
import { RedisStorage } from '../../src/storage/redis-storage.ts'
import { systemClock } from '../../src/system-clock.ts'
import { DatabaseLeases, RedisLeases } from '../support/key-value-stores.ts'
import { aDatabase, aSchema } from '../support/postgres.ts'
import { aNamespace, isThere, POSTGRES_URL, REDIS_URL, type ServerKind } from '../support/queue-servers.ts'
import { aConnection, aPrefix } from '../support/redis.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { HeldJob, type RunnerOptions, type RunnerWorld, testJobRunner } from './conformance.ts'

const URLS: Readonly<Record<ServerKind, string>> = { redis: REDIS_URL, postgres: POSTGRES_URL }

interface Truth {
  readonly storage: SyncStorage
  readonly leases: () => LeaseStore
}

/** Where syncs are recorded when the service chooses this server for its queue. */
const TRUTHS: Readonly<Record<ServerKind, (t: Test) => Truth>> = {
  redis(t) {
    const connection = aConnection(t, { prefix: aPrefix(t) })
    return {
      storage: new RedisStorage({ connection, clock: systemClock, log: silentLog }),
      leases: () => new RedisLeases({ connection }),
    }
  },
  postgres(t) {
    const database = aDatabase(t, aSchema(t))
    return {
      storage: new DatabaseStorage({ database, clock: systemClock, log: silentLog }),
      leases: () => new DatabaseLeases({ database }),
    }
  },
}

async function makeWorld(t: Test, kind: ServerKind): Promise<RunnerWorld & { readonly namespace: string }> {
  const url = URLS[kind]
  const { storage, leases } = TRUTHS[kind](t)
  t.teardown(() => storage.close())
  await storage.start()
  const namespace = aNamespace(t, url)
  return {
    storage,
    namespace,
    runner: ({ job, concurrency = 4, deadlineMs = 60_000, clock = systemClock }: RunnerOptions) =>
      new BullMqRunner({
        url,
        namespace,
        storage,
        leases: leases(),
        job,
        clock,
        log: silentLog,
        concurrency,
        statusTtlMs: 60_000,
        deadlineMs,
      }),
  }
}

for (const kind of ['redis', 'postgres'] as const) {
  const skip = (await isThere(kind)) ? false : `no ${kind} here`
  t.test(`BullMqRunner on ${kind}`, { skip }, async (t) => {
    testJobRunner(t, (t) => makeWorld(t, kind))

    t.test('a runner that stops leaves what waits in the queue to others', async (t) => {
      const { storage, namespace, runner } = await makeWorld(t, kind)
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
      const queue = new SyncQueue({ url: URLS[kind], namespace, clock: systemClock, log: silentLog })
      t.teardown(() => queue.close())
      queue.start()
      t.ok((await queue.waitingCount()) >= 16, 'they still wait')
    })
  })
}
