import { isSyncId } from '../model/sync-id.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'

export interface Lease {
  /** Differs after every renewal of the same lease; compared for equality only, never read as a time. */
  readonly heartbeat: string
  /** True when the owner is known to be dead: a process of this very machine and boot that is no longer there. */
  readonly ownerIsGone: boolean
}

/**
 * Proof of life for running syncs. The claim itself is a compare-and-set of the record (`claimSync` raises the epoch),
 * so exactly one claimant wins; this only distinguishes a live owner from a dead one.
 */
export class LeaseStore {
  readonly #records: KeyValueStore

  constructor(records: KeyValueStore) {
    this.#records = records
  }

  start(): Promise<void> {
    return this.#records.start()
  }

  /** Proves that the owner still runs the sync under `epoch`; each call changes what `read` resolves to. */
  async renew(syncId: string, epoch: number): Promise<void> {
    await this.#records.put(keyOf(syncId, epoch), { syncId, epoch })
  }

  /** The lease as of its latest renewal under this epoch, or `undefined` when it was never renewed. */
  async read(syncId: string, epoch: number): Promise<Lease | undefined> {
    if (!isSyncId(syncId)) return undefined
    try {
      const { version, writerIsGone } = await this.#records.get(keyOf(syncId, epoch))
      return version === undefined ? undefined : { heartbeat: version, ownerIsGone: writerIsGone }
    } catch (error) {
      // A power cut may tear what is not synced; an owner that lives replaces it with its next heartbeat.
      if (error instanceof SyntaxError) return undefined
      throw error
    }
  }

  /** Removes the leases of this and of earlier epochs. Resolves also when there are none. */
  async release(syncId: string, epoch: number): Promise<void> {
    if (!isSyncId(syncId)) return
    const epochs = Array.from({ length: epoch }, (_, earlier) => earlier + 1)
    await Promise.all(epochs.map((each) => this.#records.remove(keyOf(syncId, each))))
  }
}

function keyOf(syncId: string, epoch: number): string {
  return `${syncId}-${epoch}`
}
