import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import type { IdempotentRequests } from '../syncs/idempotent-requests.ts'
import type { SyncService } from '../syncs/sync-service.ts'
import type { Authentication } from './authentication.ts'
import type { FileLimit } from './file-limit.ts'
import type { WatcherLimit } from './watcher-limit.ts'

/** What the routes of syncs and snapshots answer from. */
export interface RouteDependencies {
  readonly service: SyncService
  readonly starts: IdempotentRequests
  readonly snapshots: SnapshotStore
  readonly clock: Clock
  readonly callerOf: Authentication['callerOf']
  readonly ownerOf: Authentication['ownerOf']
  /** Where the places of event streams and waits come from. */
  readonly watchers: WatcherLimit
  /** How many files may be sent to one caller at a time. */
  readonly fileLimit: FileLimit
  /** Told what fails once the answer has begun. */
  readonly log: Pick<Log, 'error'>
}
