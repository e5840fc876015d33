import pLimit from 'p-limit'
import { type ActiveSync, isTerminal, type Sync } from '../model/sync.ts'
import { isNewerRecord } from '../model/sync-record.ts'
import { JobStop } from '../ports/job-runner.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'

/**
 * A sync while this process holds its lease. Others may still write the record (a cancel does), so each change is a
 * compare-and-set on the latest record; a higher epoch in it means the sync was taken over, and ends every change.
 */
export class LeasedSync {
  readonly #storage: SyncStorage
  #current: Sync
  /** Reads and writes of the record, one after the other. */
  readonly #serial = pLimit(1)

  constructor(storage: SyncStorage, claimed: ActiveSync) {
    this.#storage = storage
    this.#current = claimed
  }

  /** Reads the stored record again. Rejects with a superseded JobStop when the sync is no longer ours. */
  reload(): Promise<Sync> {
    return this.#serial(() => this.#reload())
  }

  /**
   * Stores what `transition` makes of the latest record, and resolves to it. Rejects with a superseded JobStop when the
   * sync is no longer ours, and with what the transition or the storage throws; nothing has changed then.
   */
  change(transition: (sync: Sync) => Sync, options: { readonly durable: boolean }): Promise<Sync> {
    return this.#serial(async () => {
      for (;;) {
        const next = transition(this.#current)
        if (next === this.#current) return next
        if (await this.#storage.replace(next, this.#current.revision, options)) {
          this.#current = next
          return next
        }
        await this.#reload()
      }
    })
  }

  async #reload(): Promise<Sync> {
    const { id, lease } = this.#current
    const stored = await this.#storage.get(id).catch((error: unknown) => {
      // Only that release can go on from what a newer release has written.
      if (isNewerRecord(error)) return undefined
      throw error
    })
    if (stored === undefined || stored.lease.epoch !== lease.epoch || isTerminal(stored)) {
      throw new JobStop('superseded')
    }
    this.#current = stored
    return stored
  }
}
