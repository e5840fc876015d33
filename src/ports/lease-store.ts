/**
 * Proof of life for running syncs. The claim itself is a compare-and-set of the record (`claimSync` raises the epoch),
 * so exactly one claimant wins; this port only distinguishes a live owner from a dead one.
 */
export interface LeaseStore {
  start(): Promise<void>
  /** Proves that the owner still runs the sync under `epoch`; each call changes what `read` resolves to. Needs no fsync. */
  renew(syncId: string, epoch: number): Promise<void>
  /** The lease as of its latest renewal under this epoch, or `undefined` when it was never renewed. */
  read(syncId: string, epoch: number): Promise<Lease | undefined>
  /** Removes the leases of this and of earlier epochs. Resolves also when there are none. */
  release(syncId: string, epoch: number): Promise<void>
  close(): Promise<void>
}

export interface Lease {
  /** Differs after every renewal of the same lease; compared for equality only, never read as a time. */
  readonly heartbeat: string
  /** True when the owner is known to be dead: a process of this very machine and boot that is no longer there. */
  readonly ownerIsGone: boolean
}
