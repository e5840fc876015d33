/** Time as the rest of the code sees it, so that a test can hold it, skew it or let it leap. */
export interface Clock {
  /** Wall-clock time: for stamps that people read and for expiry, never for measuring. */
  now(): Date
  /** Milliseconds that only ever grow, unrelated to the wall clock: for leases, deadlines and pauses. */
  monotonic(): number
  /** Resolves to `true` after `ms`, or to `false` at once when the signal is aborted, before or meanwhile. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<boolean>
}
