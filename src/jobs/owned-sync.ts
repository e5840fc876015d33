import type { ActiveSync, Sync } from '../model/sync.ts'
import { isTerminal } from '../model/sync.ts'
import { JobStop } from '../ports/job-runner.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'

/**
 * A sync while this process holds it. Others may still write the record (a cancel does), so each change is a
 * compare-and-set on the latest record; a higher epoch in it means the sync was taken over, and ends every change.
 */
export class OwnedSync {
  readonly #storage: SyncStorage
  readonly #epoch: number
  #current: Sync
  #last: Promise<unknown> = Promise.resolve()

  constructor(storage: SyncStorage, claimed: ActiveSync) {
    this.#storage = storage
    this.#epoch = claimed.lease.epoch
    this.#current = claimed
  }

  get id(): string {
    return this.#current.id
  }

  get epoch(): number {
    return this.#epoch
  }

  /** The record as this process last saw it. */
  get current(): Sync {
    return this.#current
  }

  /** Looks at the stored record anew. Rejects with a superseded JobStop when the sync is no longer ours. */
  refresh(): Promise<Sync> {
    return this.#inOrder(() => this.#reload())
  }

  /**
   * Stores what `transition` makes of the latest record, and resolves to it. Rejects with a superseded JobStop when the
   * sync is no longer ours, and with what the transition or the storage throws; nothing has changed then.
   */
  change(transition: (sync: Sync) => Sync, options: { readonly durable: boolean }): Promise<Sync> {
    return this.#inOrder(async () => {
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
    const stored = await this.#storage.get(this.#current.id)
    if (stored === undefined || stored.lease.epoch !== this.#epoch || isTerminal(stored))
      throw new JobStop('superseded')
    this.#current = stored
    return stored
  }

  #inOrder<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}
