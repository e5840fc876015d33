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
import { ended, HeldJob, RESULT, type RunnerOptions, type RunnerWorld, testJobRunner } from './conformance.ts'

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

    t.test('a sync that another process enqueues behind many of another owner is claimed before them', async (t) => {
      const { storage, runner } = await makeWorld(t, kind)
      const begun: (string | null)[] = []
      const job: SyncJob = ({ createdBy }, { slot, signal }) => {
        begun.push(createdBy)
        if (createdBy === 'other') return Promise.resolve(RESULT)
        slot?.offer()
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      }
      const enqueued = async (createdBy: string) => {
        const sync = { ...aQueuedSync({}, new Date()), createdBy }
        await storage.create(sync)
        await api.enqueue(sync.id)
        return sync
      }
      const api = runner({ job, concurrency: 0 })
      const worker = runner({ job, concurrency: 2 })
      t.teardown(() => Promise.all([api.close(), worker.close()]))
      await Promise.all([api.start(), worker.start()])
      for (let count = 0; count < 12; count += 1) await enqueued('failing')
      while (begun.length < 2) await systemClock.sleep(5)
      const { id } = await enqueued('other')
      const before = performance.now()
      t.match(await ended(storage, id), { state: 'succeeded', attempt: 1 })
      t.comment(`after ${Math.round(performance.now() - before)} ms`)
      t.equal(begun.indexOf('other'), 2, 'the very next')
    })

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
