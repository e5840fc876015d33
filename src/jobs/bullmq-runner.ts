import { TimeoutError, withTimeout } from '../concurrency/timeout.ts'
import { ACTIVE_STATES, type Sync, type SyncState } from '../model/sync.ts'
import type { JobRunner } from '../ports/job-runner.ts'
import { Bell, type Ring } from './bullmq/queue-client.ts'
import { OrphanScan } from './orphan-scan.ts'
import { RunningSyncs } from './running-syncs.ts'
import type { ExecutionOptions } from './sync-execution.ts'

/** While so many rings wait to be heard, no worker is idle, and the many queued syncs are looked through less often. */
const BACKLOG = 1000

/** Looks of which one sees every queued sync, backlog or not: at two seconds each, within 10 s. */
const LOOKS_PER_FULL_LOOK = 5

/**
 * Looks in a row at which the queue told nothing, or had rings that this idle process did not hear, before it is opened
 * anew: 16 s or more. A server that hangs or restarts for less is waited for.
 */
const MUTE_LOOKS = 8

/**
 * Milliseconds after which a sync that stays free, though it was rung for and nothing else waits, is rung for under a new
 * name: whoever heard the first ring is neither dead nor doing anything about it.
 */
const UNHEARD_MS = 20_000

/** Milliseconds that running syncs have to save their checkpoint and be recorded. */
const INTERRUPT_MS = 6000

export interface BullMqRunnerOptions extends ExecutionOptions {
  /** Server of the queue: `redis://…`, `rediss://…`, `postgres://…` or `postgresql://…`. */
  readonly url: string
  /** Prefix of the keys on Redis, schema on PostgreSQL: letters, digits and underscores. Default: sheetsync_queue. */
  readonly namespace?: string
  /** How many syncs run at once in this process; 0: it rings for others and runs none. */
  readonly concurrency: number
}

/**
 * Has syncs run by one of many processes, which BullMQ on Redis or PostgreSQL tells of them. The queue is a doorbell: it
 * may lose, repeat or delay a ring. Who runs a sync is decided by the claim, and what rang unheard is found by the look.
 */
export class BullMqRunner implements JobRunner {
  readonly #options: BullMqRunnerOptions
  readonly #runs: RunningSyncs
  readonly #look: OrphanScan
  readonly #bell: Bell
  #looks = 0
  #waiting = 0
  #muteLooks = 0
  /** Syncs that the last look found free, and since when they have been, under which epoch. */
  #free = new Map<string, { readonly epoch: number; readonly since: number }>()
  #closed: Promise<void> | undefined

  constructor(options: BullMqRunnerOptions) {
    const { url, namespace = 'sheetsync_queue', clock, log, concurrency } = options
    this.#options = options
    this.#runs = new RunningSyncs(options)
    this.#look = new OrphanScan({
      ...options,
      running: this.#runs,
      states: () => this.#statesToSee(),
      onFound: (syncs) => this.#ringForFree(syncs),
    })
    this.#bell = new Bell({
      url,
      namespace,
      clock,
      log,
      ...(this.#isWorker && { hearing: { hear: (syncId: string) => this.#runs.execute(syncId), concurrency } }),
    })
  }

  /** Whether the syncs that nobody runs were looked for once, where that is this process's task. */
  get recovered(): boolean {
    return this.#look.done || !this.#isWorker
  }

  get #isWorker(): boolean {
    return this.#options.concurrency > 0
  }

  /** Resolves without waiting for the server of the queue. */
  async start(): Promise<void> {
    await this.#options.leases.start()
    this.#bell.start()
    if (this.#isWorker) this.#look.start()
  }

  /** Resolves within two seconds, also when the queue could not be told: the sync is recorded, and the look finds it. */
  async enqueue(syncId: string): Promise<void> {
    if (this.#closed !== undefined) return
    await this.#ring([{ syncId, epoch: 0 }])
  }

  notifyCancel(syncId: string): void {
    this.#runs.cancel(syncId)
  }

  /** As the port says, within ten seconds, whether the servers answer or not. */
  close(): Promise<void> {
    this.#closed ??= this.#drain()
    return this.#closed
  }

  async #drain(): Promise<void> {
    const { clock, log, leases } = this.#options
    this.#bell.rest()
    try {
      await withTimeout(
        Promise.all([this.#runs.close(), this.#look.close()]),
        INTERRUPT_MS,
        'to record what was interrupted',
        clock,
      )
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error
      log.error({ err: error }, 'the storage does not answer; who looks next will find what ran here by its dead lease')
    }
    await this.#bell.close()
    await leases.close()
  }

  /** Thousands of queued syncs need not be read every two seconds while their rings are there. */
  async #statesToSee(): Promise<readonly SyncState[]> {
    this.#looks += 1
    let isMute: boolean
    try {
      this.#waiting = await this.#bell.waiting()
      isMute = this.#waiting > 0 && this.#runs.size === 0
    } catch (error) {
      this.#options.log.debug({ err: error }, 'the queue does not tell its length')
      this.#waiting = 0
      isMute = true
    }
    this.#muteLooks = isMute ? this.#muteLooks + 1 : 0
    if (this.#muteLooks >= MUTE_LOOKS) {
      this.#muteLooks = 0
      this.#options.log.warn({ waiting: this.#waiting }, 'the queue is mute; it is opened anew')
      this.#bell.reopen()
    }
    const isFull = this.#looks % LOOKS_PER_FULL_LOOK === 1 || this.#waiting < BACKLOG
    return isFull ? ACTIVE_STATES : ACTIVE_STATES.filter((state) => state !== 'queued')
  }

  /** Rings are there for the queued ones if the queue is as long as they are many; those with a past are always told. */
  async #ringForFree(syncs: readonly Sync[]): Promise<void> {
    const unheard = this.#unheardFor(syncs)
    const isLost = syncs.length > this.#waiting
    const rings = syncs
      .filter(({ lease }) => isLost || lease.epoch > 0)
      .map(({ id, lease }) => ({ syncId: id, epoch: lease.epoch, again: unheard.get(id) ?? 0 }))
    for (let at = 0; at < rings.length; at += BACKLOG) await this.#ring(rings.slice(at, at + BACKLOG))
  }

  /** How often each of them ought to have been heard by now. */
  #unheardFor(syncs: readonly Sync[]): ReadonlyMap<string, number> {
    const now = this.#options.clock.monotonic()
    const before = this.#free
    this.#free = new Map()
    const unheard = new Map<string, number>()
    for (const { id, lease } of syncs) {
      const known = before.get(id)
      // While others wait in the queue there is nothing to wonder at.
      const since = known !== undefined && known.epoch === lease.epoch && this.#waiting === 0 ? known.since : now
      this.#free.set(id, { epoch: lease.epoch, since })
      unheard.set(id, Math.floor((now - since) / UNHEARD_MS))
    }
    return unheard
  }

  async #ring(rings: readonly Ring[]): Promise<void> {
    try {
      await this.#bell.ring(rings)
    } catch (error) {
      // What is recorded is not lost: whoever looks next rings again.
      this.#bell.tell(error, 'syncs could not be put into the queue in time; the next look finds them')
    }
  }
}
