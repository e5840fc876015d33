import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { PeriodicTask } from '../concurrency/periodic-task.ts'
import type { Clock } from '../ports/clock.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import type { Log } from '../ports/log.ts'
import { readEntry } from '../ports/read-entry.ts'

/** Milliseconds between two heartbeats, and after which one that has not come is missed: the instance counts as gone. */
export const BEAT_MS = 15_000
export const GONE_AFTER_MS = 50_000

/** Instances that are remembered; of more, those that were seen last. */
const MOST = 200

/** How often a heartbeat is tried that another instance's forestalls. */
const TRIES = 10

const KEY = 'instances'

const instance = z.object({
  id: z.string(),
  role: z.string(),
  host: z.string(),
  /** Milliseconds since 1970, by the clock of the storage. */
  since: z.number(),
  seenAt: z.number(),
})
const instances = z.object({ instances: z.array(instance) })

/** A process of the service. */
export type Instance = z.output<typeof instance>

export interface InstancesOptions {
  readonly records: KeyValueStore
  readonly role: string
  readonly host: string
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
}

/**
 * The processes that share a storage, for who looks after them: nothing depends on it. Each says in one record that it is
 * there, and takes out those that have been silent. Times are by the storage's clock, so that the clocks of hosts need not agree.
 */
export class Instances {
  /** This one. */
  readonly id = `instance-${randomUUID().slice(0, 8)}`
  readonly #options: InstancesOptions
  readonly #task: PeriodicTask
  #since: number | undefined
  #hasFailed = false

  constructor(options: InstancesOptions) {
    this.#options = options
    const { clock } = options
    this.#task = new PeriodicTask({
      clock,
      intervalMs: BEAT_MS,
      run: () => this.#beat(),
      onError: (error) => this.#warn(error),
    })
  }

  /** Opens the record and says that this one is there, again and again; resolves before it has. */
  start(): void {
    this.#task.start()
  }

  /** Says that this one is gone. A storage that does not answer is left alone: the others will miss it. Idempotent. */
  async close(): Promise<void> {
    await this.#task.stop()
    if (this.#since === undefined) return
    this.#since = undefined
    await this.#change((others) => others).catch(() => undefined)
  }

  /** Those that are there, the oldest first. */
  async list(): Promise<readonly Instance[]> {
    const { value, now } = await readEntry(this.#options.records, KEY)
    return present(value, now)
  }

  async #beat(): Promise<void> {
    if (this.#since === undefined) await this.#options.records.start()
    const { role, host } = this.#options
    await this.#change((others, now) => {
      this.#since ??= now
      return [...others, { id: this.id, role, host, since: this.#since, seenAt: now }]
    })
    this.#hasFailed = false
  }

  async #change(next: (others: readonly Instance[], now: number) => readonly Instance[]): Promise<void> {
    const { records } = this.#options
    for (let tries = 0; tries < TRIES; tries++) {
      const { value, version, now } = await readEntry(records, KEY)
      const others = present(value, now).filter(({ id }) => id !== this.id)
      const changed = [...next(others, now)].sort((one, other) => other.seenAt - one.seenAt).slice(0, MOST)
      if ((await records.compareAndSwap(KEY, version, { instances: changed })) !== undefined) return
    }
  }

  /** Once for each time that it fails. */
  #warn(error: unknown): void {
    if (!this.#hasFailed) this.#options.log.warn({ err: error }, 'this instance could not say that it is there')
    this.#hasFailed = true
  }
}

function present(value: unknown, now: number): readonly Instance[] {
  const known = instances.safeParse(value).data?.instances ?? []
  return known.filter(({ seenAt }) => seenAt > now - GONE_AFTER_MS).sort((one, other) => one.since - other.since)
}
