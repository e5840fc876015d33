import type { Clock } from '../ports/clock.ts'
import type { Credentials } from '../ports/credentials.ts'
import type { Log } from '../ports/log.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import type { RowQuestions } from '../rows/row-questions.ts'
import type { ScheduleService } from '../schedules/schedule-service.ts'
import type { IdempotentRequests } from '../syncs/idempotent-requests.ts'
import type { SyncService } from '../syncs/sync-service.ts'
import type { Authentication } from './authentication.ts'
import type { Compression } from './compression.ts'
import type { FileLimit } from './file-limit.ts'
import type { WatcherLimit } from './watcher-limit.ts'

/** What the routes of syncs and snapshots answer from. */
export interface RouteDependencies {
  readonly service: SyncService
  /** Absent where nothing is scheduled. */
  readonly schedules: ScheduleService | undefined
  /** Absent where nothing is known of any. */
  readonly credentials: Credentials | undefined
  readonly starts: IdempotentRequests
  readonly snapshots: SnapshotStore
  /** Absent where no questions are answered. */
  readonly questions: RowQuestions | undefined
  readonly clock: Clock
  readonly callerOf: Authentication['callerOf']
  readonly ownerOf: Authentication['ownerOf']
  /** Where the places of event streams and waits come from. */
  readonly watchers: WatcherLimit
  /** How many files may be sent to one caller at a time. */
  readonly fileLimit: FileLimit
  readonly compression: Compression
  /** Told what fails once the answer has begun. */
  readonly log: Pick<Log, 'error'>
}
