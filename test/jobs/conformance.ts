import type { Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import type { ActiveSync, Sync, SyncFault } from '../../src/model/sync.ts'
import type { SyncResult } from '../../src/model/sync-report.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { type JobContext, type JobRunner, JobStop, type SyncJob } from '../../src/ports/job-runner.ts'
import type { SyncStorage } from '../../src/ports/sync-storage.ts'
import { claimSync, interruptSync, requestCancel } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aQueuedSync } from '../support/syncs.ts'

export interface RunnerOptions {
  readonly job: SyncJob
  readonly concurrency?: number
  readonly deadlineMs?: number
  readonly clock?: Clock
}

/** One storage and as many runners on it as a test wants. */
export interface RunnerWorld {
  readonly storage: SyncStorage
  runner(options: RunnerOptions): JobRunner
}

export const RESULT: SyncResult = { outcome: 'downloaded', consistent: true, snapshotId: 'snapshot', report: {} }
const TTL_MS = 60_000

/** What hinders a job, as it reports it. */
export const A_FAULT: SyncFault = {
  code: 'GOOGLE_UNAVAILABLE',
  detail: 'Google is ill.',
  since: '2026-01-01T00:00:00.000Z',
  tries: 1,
  nextTryAt: '2026-01-01T00:00:01.000Z',
}

/** A job that runs until the test lets it end, and tells of each start. */
export class HeldJob {
  readonly started: ActiveSync[] = []
  readonly contexts: JobContext[] = []
  #waiting: { readonly count: number; readonly resolve: () => void }[] = []
  readonly #end = Promise.withResolvers<SyncResult>()

  readonly run: SyncJob = (sync, context) => {
    this.started.push(sync)
    this.contexts.push(context)
    for (const { count, resolve } of this.#waiting) if (this.started.length >= count) resolve()
    const stopped = new Promise<never>((_, reject) => {
      const stop = () => reject(context.signal.reason)
      if (context.signal.aborted) stop()
      context.signal.addEventListener('abort', stop, { once: true })
    })
    return Promise.race([this.#end.promise, stopped])
  }

  /** Resolves when so many starts were seen. */
  starts(count: number): Promise<void> {
    if (this.started.length >= count) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ count, resolve }))
  }

  end(): void {
    this.#end.resolve(RESULT)
  }
}

/** Holds any JobRunner to the promises of its port. */
export function testJobRunner(t: Test, makeWorld: (t: Test) => Promise<RunnerWorld>): void {
  t.test('an enqueued sync is run once and its end is recorded', async (t) => {
    const { storage, runner } = await aWorld(t)
    const job = new HeldJob()
    const sync = await recorded(storage)
    const running = await started(t, runner({ job: job.run }))
    await running.enqueue(sync.id)
    await running.enqueue(sync.id)
    await job.starts(1)
    t.match(await storage.get(sync.id), { state: 'running', attempt: 1, lease: { epoch: 1 } })
    job.end()
    t.match(await ended(storage, sync.id), { state: 'succeeded', outcome: 'downloaded', progress: { percent: 100 } })
    t.equal(job.started.length, 1)
  })

  t.test('the last progress and the end are one change, and one revision', async (t) => {
    const { storage, runner } = await aWorld(t)
    const replace = storage.replace.bind(storage)
    const revisions: number[] = []
    const written = Promise.withResolvers<void>()
    storage.replace = async (next, expected, options) => {
      const replaced = await replace(next, expected, options)
      if (replaced) revisions.push(next.revision)
      if (replaced && next.progress.rowsDone === 3) written.resolve()
      return replaced
    }
    const job: SyncJob = async (_, { report }) => {
      report({ progress: { rowsDone: 3 } })
      await written.promise
      // Nothing is written for a while now, so this is still to be written when the job ends.
      report({ progress: { rowsDone: 7 } })
      return RESULT
    }
    const sync = await recorded(storage)
    const running = await started(t, runner({ job }))
    await running.enqueue(sync.id)
    const end = await ended(storage, sync.id)
    t.match(end, { state: 'succeeded', progress: { rowsDone: 7 } })
    // The end can be read a moment before the write of it has resolved.
    await running.close()
    t.same(revisions, [2, 3, 4], 'claimed, in progress, ended')
  })

  t.test('a sync that was recorded but never enqueued is found and run', async (t) => {
    const { storage, runner } = await aWorld(t)
    const early = await recorded(storage)
    const job = new HeldJob()
    job.end()
    await started(t, runner({ job: job.run }))
    t.match(await ended(storage, early.id), { state: 'succeeded' }, 'recorded before the start')
    const late = await recorded(storage)
    t.match(await ended(storage, late.id), { state: 'succeeded' }, 'recorded after the start')
  })

  t.test('of two runners on one storage exactly one runs each sync', async (t) => {
    const { storage, runner } = await aWorld(t)
    const job = new HeldJob()
    job.end()
    const runners = [await started(t, runner({ job: job.run })), await started(t, runner({ job: job.run }))]
    const syncs = await Promise.all(Array.from({ length: 20 }, () => recorded(storage)))
    await Promise.all(syncs.flatMap(({ id }) => runners.map((one) => one.enqueue(id))))
    for (const { id } of syncs) t.match(await ended(storage, id), { state: 'succeeded', attempt: 1 })
    t.equal(job.started.length, 20)
  })

  t.test('no more syncs run at once than allowed', async (t) => {
    const { storage, runner } = await aWorld(t)
    let running = 0
    let most = 0
    const job: SyncJob = async () => {
      running += 1
      most = Math.max(most, running)
      // Longer than any driver takes to claim three, so that three are seen at once.
      await systemClock.sleep(200)
      running -= 1
      return RESULT
    }
    const busy = await started(t, runner({ job, concurrency: 3 }))
    const syncs = await Promise.all(Array.from({ length: 12 }, () => recorded(storage)))
    for (const { id } of syncs) await busy.enqueue(id)
    for (const { id } of syncs) await ended(storage, id)
    t.equal(most, 3)
  })

  t.test(
    'syncs that nobody waits for hold no slot of those that somebody waits for, and run beside them',
    async (t) => {
      const { storage, runner } = await aWorld(t)
      const job = new HeldJob()
      const running = await started(t, runner({ job: job.run, concurrency: 2 }))
      const nightly = [aQueuedSync(), aQueuedSync(), aQueuedSync()].map((sync) => ({ ...sync, background: true }))
      for (const sync of nightly) {
        await storage.create(sync)
        await running.enqueue(sync.id, { background: true })
      }
      await job.starts(1)
      const awaited = await Promise.all([recorded(storage), recorded(storage)])
      for (const { id } of awaited) await running.enqueue(id)
      await job.starts(3)
      t.same(job.started.map(({ background }) => background).sort(), [false, false, true])
      t.same(
        job.started.flatMap(({ id, background }) => (background ? [] : [id])).sort(),
        awaited.map(({ id }) => id).sort(),
      )
    },
  )

  t.test('a cancel stops a running job within 2 s, hinted or not', async (t) => {
    const { storage, runner } = await aWorld(t)
    for (const hinted of [true, false]) {
      const job = new HeldJob()
      const sync = await recorded(storage)
      const running = await started(t, runner({ job: job.run }))
      await running.enqueue(sync.id)
      await job.starts(1)
      const before = performance.now()
      await change(storage, sync.id, (current) => requestCancel(current, new Date(), TTL_MS))
      if (hinted) running.notifyCancel(sync.id)
      t.match(await ended(storage, sync.id), { state: 'cancelled', error: null })
      t.ok(
        performance.now() - before < 2500,
        `${hinted ? 'hinted' : 'seen'} in ${Math.round(performance.now() - before)} ms`,
      )
      await running.close()
    }
  })

  t.test(
    'a failure is recorded with its code and hint; a failure without a code tells nothing of itself',
    async (t) => {
      const { storage, runner } = await aWorld(t)
      const failures = [new AppError('SHEET_FORBIDDEN', 'not shared', { hint: 'share it' }), new Error('secret-token')]
      const job: SyncJob = async () => {
        throw failures.shift()
      }
      const running = await started(t, runner({ job, concurrency: 1 }))
      const first = await recorded(storage)
      await running.enqueue(first.id)
      t.match(await ended(storage, first.id), {
        state: 'failed',
        error: { code: 'SHEET_FORBIDDEN', hint: 'share it', status: 403 },
      })
      const second = await recorded(storage)
      await running.enqueue(second.id)
      const failed = await ended(storage, second.id)
      t.match(failed, { state: 'failed', error: { code: 'INTERNAL' } })
      t.notMatch(JSON.stringify(failed), /secret-token/)
    },
  )

  t.test('close interrupts what runs, and the next runner resumes it under the next epoch', async (t) => {
    const { storage, runner } = await aWorld(t)
    const job = new HeldJob()
    const sync = await recorded(storage)
    const first = await started(t, runner({ job: job.run }))
    await first.enqueue(sync.id)
    await job.starts(1)
    job.contexts[0]?.report({ progress: { percent: 40 } })
    await first.close()
    await first.close()
    t.match(await storage.get(sync.id), {
      state: 'interrupted',
      lease: { epoch: 1, owner: null },
      progress: { percent: 40 },
    })
    await first.enqueue(sync.id)
    job.end()
    await started(t, runner({ job: job.run }))
    t.match(await ended(storage, sync.id), { state: 'succeeded', attempt: 2, lease: { epoch: 2 } })
  })

  t.test('a sync that takes longer than allowed fails and says so', async (t) => {
    const { storage, runner } = await aWorld(t)
    const job = new HeldJob()
    const sync = await recorded(storage)
    const running = await started(t, runner({ job: job.run, deadlineMs: 100 }))
    await running.enqueue(sync.id)
    t.match(await ended(storage, sync.id), {
      state: 'failed',
      error: { code: 'SYNC_DEADLINE_EXCEEDED', hint: /SYNC_DEADLINE/ },
    })
  })

  t.test('the deadline tells the latest fault', async (t) => {
    const { storage, runner } = await aWorld(t)
    const job = new HeldJob()
    const sync = await recorded(storage)
    const running = await started(t, runner({ job: job.run, deadlineMs: 500 }))
    // A scan may find it before the queue has answered.
    const enqueued = running.enqueue(sync.id)
    await job.starts(1)
    job.contexts[0]?.report({ progress: { fault: A_FAULT } })
    job.contexts[0]?.report({ progress: { fault: null } })
    await enqueued
    const { error, progress } = await ended(storage, sync.id)
    t.match(error, { code: 'SYNC_DEADLINE_EXCEEDED', detail: /Google is ill\. \(GOOGLE_UNAVAILABLE\)/ })
    t.equal(progress.fault, null)
  })

  t.test('only the time that a sync is run counts against its deadline', async (t) => {
    const { storage, runner } = await aWorld(t)
    const created = new Date(Date.now() - 10 * 3_600_000)
    const interrupted = (ranMs: number) =>
      interruptSync(claimSync(aQueuedSync({}, created), 'who went down', created), created, ranMs)
    const job = new HeldJob()
    const [fresh, nearly] = [interrupted(1000), interrupted(3_599_900)]
    for (const sync of [fresh, nearly]) await storage.create(sync)
    const running = await started(t, runner({ job: job.run, deadlineMs: 3_600_000 }))
    await job.starts(2)
    t.match(await ended(storage, nearly.id), { state: 'failed', error: { code: 'SYNC_DEADLINE_EXCEEDED' } })
    t.match(await storage.get(fresh.id), { state: 'running' }, 'the hours before its resumption do not')
    await running.close()
    const { state, ranMs } = (await storage.get(fresh.id)) ?? aQueuedSync()
    t.equal(state, 'interrupted')
    t.ok(ranMs > 1000 && ranMs < 3_000_000, `${ranMs} ms are kept`)
  })

  t.test('a job that releases its slot lets another run, and has it again before what is new', async (t) => {
    const { storage, runner } = await aWorld(t)
    const events: string[] = []
    const [released, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const syncs = [await recorded(storage), await recorded(storage), await recorded(storage)]
    const job: SyncJob = async ({ id }, { slot }) => {
      const number = syncs.findIndex((sync) => sync.id === id)
      events.push(`${number} begins`)
      if (number === 0) {
        slot?.release()
        await released.promise
        await slot?.acquire()
        events.push('0 is back')
      }
      if (number === 1) {
        released.resolve()
        await second.promise
      }
      events.push(`${number} ends`)
      return RESULT
    }
    const running = await started(t, runner({ job, concurrency: 1 }))
    for (const { id } of syncs) await running.enqueue(id)
    await released.promise
    await systemClock.sleep(100)
    second.resolve()
    for (const { id } of syncs) t.match(await ended(storage, id), { state: 'succeeded', attempt: 1 })
    t.strictSame(events, ['0 begins', '1 begins', '1 ends', '0 is back', '0 ends', '2 begins', '2 ends'])
  })

  t.test('of many that wait the next is of the owner whose turn it is, not the one that was named first', async (t) => {
    const { storage, runner } = await aWorld(t)
    const ends = new Map<string, () => void>()
    const order: string[] = []
    const job: SyncJob = ({ id, createdBy }) => {
      order.push(`${createdBy}`)
      return new Promise((resolve) => ends.set(id, () => resolve(RESULT)))
    }
    const running = await started(t, runner({ job, concurrency: 2 }))
    const many = await severalRecorded(storage, 10, 'many')
    for (const { id } of many) await running.enqueue(id)
    while (order.length < 2) await systemClock.sleep(5)
    const few = [await recorded(storage, 'few'), await recorded(storage, 'few')]
    for (const { id } of few) await running.enqueue(id)
    for (let count = 0; count < many.length + few.length; count += 1) {
      while (ends.size === 0) await systemClock.sleep(5)
      const [id = '', end] = [...ends][0] ?? []
      ends.delete(id)
      end?.()
      await ended(storage, id)
    }
    t.same(order.slice(0, 3), ['many', 'many', 'few'], 'the first of the few is the very next')
    // Two slots that get free within one choice, as on a slow machine, go to an owner each: first many, then few.
    t.ok(order.lastIndexOf('few') <= 5, `the second soon after: ${order}`)
    t.equal(order.length, 12, 'nothing is lost')
  })

  t.test('an owner whose syncs all do nothing but fail holds up no other owner', async (t) => {
    const { storage, runner } = await aWorld(t)
    let failing = 0
    const job: SyncJob = ({ createdBy }, context) => {
      if (createdBy !== 'failing') return Promise.resolve(RESULT)
      failing += 1
      context.slot?.offer()
      return aborted(context).then((reason) => Promise.reject(reason))
    }
    const running = await started(t, runner({ job, concurrency: 2 }))
    const syncs = await severalRecorded(storage, 12, 'failing')
    for (const { id } of syncs) await running.enqueue(id)
    while (failing < 2) await systemClock.sleep(5)
    const other = await recorded(storage, 'other')
    const before = performance.now()
    await running.enqueue(other.id)
    t.match(await ended(storage, other.id), { state: 'succeeded' })
    t.ok(performance.now() - before < 2500, `after ${Math.round(performance.now() - before)} ms`)
    t.ok(failing <= 3, 'and none of its own runs in the place of another')
  })

  t.test('however many syncs of one owner release their slot, some of another still find a place', async (t) => {
    const { storage, runner } = await aWorld(t)
    let parked = 0
    const job: SyncJob = ({ createdBy }, context) => {
      if (createdBy !== 'failing') return Promise.resolve(RESULT)
      parked += 1
      context.slot?.release()
      return aborted(context).then((reason) => Promise.reject(reason))
    }
    const running = await started(t, runner({ job, concurrency: 2 }))
    const syncs = await severalRecorded(storage, 12, 'failing')
    for (const { id } of syncs) await running.enqueue(id)
    while (parked < 9) await systemClock.sleep(5)
    const other = await recorded(storage, 'other')
    await running.enqueue(other.id)
    t.match(await ended(storage, other.id), { state: 'succeeded' })
    t.equal(parked, 9, 'half of the places')
  })

  t.test('a job stops at once also while it waits for its slot', async (t) => {
    const { storage, runner } = await aWorld(t)
    const held = new HeldJob()
    const syncs = [await recorded(storage), await recorded(storage)]
    const job: SyncJob = async (sync, context) => {
      if (sync.id !== syncs[0]?.id) return held.run(sync, context)
      context.slot?.release()
      await held.starts(1)
      await Promise.race([context.slot?.acquire(), aborted(context)])
      throw context.signal.reason
    }
    const running = await started(t, runner({ job, concurrency: 1 }))
    for (const { id } of syncs) await running.enqueue(id)
    await held.starts(1)
    await running.close()
    for (const { id } of syncs) t.match(await storage.get(id), { state: 'interrupted' })
  })

  t.test('a job that reports what no sync may hold fails, and leaves a record that can be read', async (t) => {
    const { storage, runner } = await aWorld(t)
    const bad = {
      spreadsheet: { title: 'T', version: { a: 1 } as unknown as string, timeZone: null, locale: null },
    }
    const jobs: SyncJob[] = [
      async (_, { report }) => {
        report(bad)
        return RESULT
      },
      async () => ({ ...RESULT, report: bad }),
    ]
    for (const job of jobs) {
      const running = await started(t, runner({ job }))
      const sync = await recorded(storage)
      await running.enqueue(sync.id)
      t.match(await ended(storage, sync.id), { state: 'failed', error: { code: 'INTERNAL' } })
      await running.close()
    }
  })

  t.test('a checkpoint ends the count of attempts that died, in the record too; a stop adds none to it', async (t) => {
    const { storage, runner } = await aWorld(t)
    const sync = aQueuedSync({}, new Date())
    await storage.create({ ...sync, state: 'interrupted', lease: { epoch: 2, owner: null, died: [1, 2] } })
    const died = async () => (await storage.get(sync.id))?.lease.died
    const job = new HeldJob()
    const first = await started(t, runner({ job: job.run }))
    await first.enqueue(sync.id)
    await job.starts(1)
    await first.close()
    t.strictSame(await died(), [1, 2])
    const second = await started(t, runner({ job: job.run }))
    await second.enqueue(sync.id)
    await job.starts(2)
    t.strictSame(job.started[1]?.lease.died, [1, 2])
    job.contexts[1]?.report({ checkpointed: true })
    while ((await died())?.length !== 0) await systemClock.sleep(10)
    await second.close()
    t.match(await storage.get(sync.id), { state: 'interrupted', lease: { died: [] } })
  })

  t.test('an owner whose sync was taken over stops and writes nothing more', async (t) => {
    const { storage, runner } = await aWorld(t)
    const job = new HeldJob()
    const sync = await recorded(storage)
    const running = await started(t, runner({ job: job.run }))
    await running.enqueue(sync.id)
    await job.starts(1)
    const taken = await change(storage, sync.id, (current) => claimSync(current, 'another', new Date()))
    job.contexts[0]?.report({ progress: { percent: 77 } })
    const reason = await aborted(job.contexts[0])
    t.match(reason, { why: 'superseded' })
    t.type(reason, JobStop)
    await running.close()
    t.same(await storage.get(sync.id), taken)
  })

  t.test(
    'progress is written a few times a second however often it is told, and the last of it is not lost',
    async (t) => {
      const { storage, runner } = await aWorld(t)
      const sync = await recorded(storage)
      const job: SyncJob = async (_, { report }) => {
        for (let step = 1; step <= 200; step++) {
          report({ progress: { rowsDone: step, percent: step / 4 } })
          await systemClock.sleep(3)
        }
        return RESULT
      }
      const running = await started(t, runner({ job }))
      const before = performance.now()
      await running.enqueue(sync.id)
      const done = await ended(storage, sync.id)
      const seconds = (performance.now() - before) / 1000
      t.match(done, { state: 'succeeded', progress: { rowsDone: 200 } })
      t.ok(done.revision <= 4 + Math.ceil(seconds * 4), `${done.revision} revisions in ${seconds.toFixed(1)} s`)
    },
  )

  async function aWorld(t: Test): Promise<RunnerWorld> {
    const world = await makeWorld(t)
    return { storage: world.storage, runner: (options) => world.runner(options) }
  }
}

async function started(t: Test, runner: JobRunner): Promise<JobRunner> {
  t.teardown(() => runner.close())
  await runner.start()
  return runner
}

async function recorded(storage: SyncStorage, createdBy: string | null = null): Promise<Sync> {
  const sync = { ...aQueuedSync({}, new Date()), createdBy }
  await storage.create(sync)
  return sync
}

async function severalRecorded(storage: SyncStorage, count: number, createdBy: string): Promise<Sync[]> {
  const syncs: Sync[] = []
  while (syncs.length < count) syncs.push(await recorded(storage, createdBy))
  return syncs
}

async function change(storage: SyncStorage, id: string, transition: (sync: Sync) => Sync): Promise<Sync> {
  for (;;) {
    const sync = await storage.get(id)
    if (sync === undefined) throw new Error(`${id} is gone`)
    const next = transition(sync)
    if (await storage.replace(next, sync.revision)) return next
  }
}

/** The sync once it has finished; the test's own timeout bounds the wait. */
export async function ended(storage: SyncStorage, id: string): Promise<Sync> {
  for (;;) {
    const sync = await storage.get(id)
    if (sync !== undefined && sync.finishedAt !== null) return sync
    await systemClock.sleep(10)
  }
}

async function aborted(context: JobContext | undefined): Promise<unknown> {
  const signal = context?.signal
  if (signal !== undefined && !signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return signal?.reason
}
