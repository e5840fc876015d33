import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import { readEntry } from '../ports/read-entry.ts'

/** Milliseconds after which a process says again that it is there, and after which one that did not counts as gone. */
export const SAYS_AGAIN_MS = 600_000
const GONE_AFTER_MS = 1_500_000

/** How often a change is tried that another process forestalls. */
const TRIES = 10

const processes = z.object({ seenAt: z.record(z.string(), z.number()) })

/** The processes that could poll for one credential: the last to leave has to clear up. Times are by the storage's clock. */
export class WatchingProcesses {
  readonly #records: KeyValueStore
  readonly #key: string
  readonly #self = randomUUID()

  constructor(records: KeyValueStore, credential: string) {
    this.#records = records
    this.#key = `${credential}-processes`
  }

  /** Says that this process is there. */
  async join(): Promise<void> {
    await this.#change((others, now) => ({ ...others, [this.#self]: now }))
  }

  /** Leaves; resolves to whether no other process is there. Of several that leave at once it is true for one. */
  async leave(): Promise<boolean> {
    const left = await this.#change((others) => others)
    return Object.keys(left).length === 0
  }

  async #change(
    next: (others: Readonly<Record<string, number>>, now: number) => Readonly<Record<string, number>>,
  ): Promise<Readonly<Record<string, number>>> {
    for (let tries = 0; tries < TRIES; tries++) {
      const { value, version, now } = await readEntry(this.#records, this.#key)
      const known = Object.entries(processes.safeParse(value).data?.seenAt ?? {})
      const others = known.filter(([id, seenAt]) => id !== this.#self && seenAt > now - GONE_AFTER_MS)
      const seenAt = next(Object.fromEntries(others), now)
      if ((await this.#records.compareAndSwap(this.#key, version, { seenAt })) !== undefined) return seenAt
    }
    // So many others change it that some are there.
    return { another: 0 }
  }
}
