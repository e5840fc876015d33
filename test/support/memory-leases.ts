import { type Lease, LeaseStore } from '../../src/jobs/lease-store.ts'
import { MemoryKeyValueStore } from './memory-key-value-store.ts'

/** Leases in memory; a test says who is gone. */
export class MemoryLeases extends LeaseStore {
  /** Ids of the syncs whose owner is known to be dead. */
  readonly gone = new Set<string>()

  constructor() {
    super(new MemoryKeyValueStore())
  }

  override async read(syncId: string, epoch: number): Promise<Lease | undefined> {
    const lease = await super.read(syncId, epoch)
    return lease && { ...lease, ownerIsGone: this.gone.has(syncId) }
  }
}
