/**
 * Proof of life for running syncs. The claim itself is a compare-and-set of the record (`claimSync` raises the epoch),
 * so exactly one claimant wins; this port only tells a live owner from a dead one.
 */
export interface LeaseStore {
  start(): Promise<void>
  /** Tells that `owner` still runs the sync under `epoch`; each call changes what `read` answers. Needs no fsync. */
  beat(syncId: string, epoch: number): Promise<void>
  /** The latest beat of the sync under this epoch, or `undefined` when none was ever told. */
  read(syncId: string, epoch: number): Promise<LeaseSign | undefined>
  /** Removes the beats of this and of earlier epochs. Resolves also when there are none. */
  drop(syncId: string, epoch: number): Promise<void>
  close(): Promise<void>
}

export interface LeaseSign {
  /** Differs from every earlier sign of the same lease; compared for equality only, never read as a time. */
  readonly beat: string
  /** True when the owner is known to be dead: a process of this very machine and boot that is no longer there. */
  readonly ownerIsGone: boolean
}
