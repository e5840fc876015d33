import type { BlockWriter } from '../../ports/block-writer.ts'
import type { ChangeCounter } from '../../ports/change-counter.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { SheetSource } from '../../ports/sheet-source.ts'
import type { SnapshotStore } from '../../ports/snapshot-store.ts'

/** What downloads are made with. */
export interface DownloadOptions {
  readonly source: SheetSource
  readonly writer: BlockWriter
  readonly snapshots: SnapshotStore
  /** Who counts what a snapshot has changed; default: nobody. */
  readonly changes?: ChangeCounter
  /** Opens the token that was sealed for a sync, or throws an AppError; default: no user's own token reads. */
  readonly unseal?: ((sealedToken: string, syncId: string) => string) | undefined
  readonly clock: Clock
  readonly log: Log
  /** Throws while no download of this key may begin, as too much is kept already; default: never. */
  readonly requireRoom?: (createdBy: string | null) => void
  /** Whether the draft of one more failed sync of this key may be kept for a retry; default: yes. */
  readonly mayKeepDraft?: (createdBy: string | null) => Promise<boolean>
  /** Milliseconds after which a snapshot goes with the next sweep, SNAPSHOT_TTL; default: never. */
  readonly snapshotTtlMs?: number | undefined
  /** Milliseconds after which work of the snapshot store hinders a sync; default 5 s. */
  readonly slowStoreMs?: number
}
