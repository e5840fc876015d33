import type { Sync } from '../model/sync.ts'

/** The kinds of calls to Google, after the methods of `SheetSource`. */
export type CallKind = 'describe' | 'version' | 'values'

/**
 * What the service counts of its own work. Every method costs next to nothing, never throws and never waits. Durations
 * are seconds, as Prometheus has them.
 */
export interface Metrics {
  /** A sync has reached a terminal state; called once for each sync, by the process that recorded it. */
  syncEnded(sync: Sync): void
  /** A call that was sent has ended; `result` is `ok`, `aborted`, the kind of a fault or an error code. */
  googleCall(kind: CallKind, result: string): void
  /** A read has waited so long for the quota. Not called for reads that were free. */
  quotaWaited(seconds: number): void
  /** An operation of the storage has ended; `code` says why it failed. */
  storageOperation(operation: string, seconds: number, code?: string): void
  /** Makes the counter of one route's answers; once for each route, as it is called on every poll. */
  route(method: string, path: string): RouteCounter
}

/** Counts one answer. */
export type RouteCounter = (status: number, seconds: number) => void
