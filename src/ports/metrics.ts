import type { Sync } from '../model/sync.ts'

export type TickResult = 'started' | 'joined' | 'refused' | 'failed' | 'forbidden'

/** The kinds of calls to Google, after the methods of `SheetSource` and `ChangeFeed`. */
export type CallKind = 'describe' | 'version' | 'values' | 'changes' | 'channels'

/**
 * What the service counts of its own work. Every method costs next to nothing, never throws and never waits. Durations
 * are seconds, as Prometheus has them.
 */
export interface Metrics {
  /** A sync has reached a terminal state; called once for each sync, by the process that recorded it. */
  syncEnded(sync: Sync): void
  /** The run of a schedule was claimed so long after it was due. */
  tickClaimed(lagSeconds: number): void
  /** What came of a claimed run: `started`, `joined`, `refused` (it is tried again), `failed` or `forbidden`. */
  tickEnded(result: TickResult): void
  /** A change of a watched spreadsheet was noticed. */
  changeSeen(): void
  /** A call that was sent has ended; `result` is `ok`, `aborted`, the kind of a fault or an error code. */
  googleCall(kind: CallKind, result: string): void
  /** A read of this credential has waited so long for the quota. Not called for reads that were free. */
  quotaWaited(seconds: number, credential: string): void
  /** An operation of the storage has ended; `code` says why it failed. */
  storageOperation(operation: string, seconds: number, code?: string): void
  /** Makes the counter of one route's answers; once for each route, as it is called on every poll. */
  route(method: string, path: string): RouteCounter
}

/** Counts one answer. */
export type RouteCounter = (status: number, seconds: number) => void
