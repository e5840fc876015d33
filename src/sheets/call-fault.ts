/**
 * What went wrong with a call that may succeed when made again: `quota` (too many reads), `unavailable` (5xx, 408),
 * `timeout`, `network` (no answer at all), `garbled` (an answer that is cut off or no JSON), `incomplete` (an answer
 * that covers less than was asked), `too-large` (an answer that is larger than memory should hold).
 */
export type FaultKind = 'quota' | 'unavailable' | 'timeout' | 'network' | 'garbled' | 'incomplete' | 'too-large'

export class CallFault extends Error {
  override readonly name = 'CallFault'
  readonly kind: FaultKind
  /** Milliseconds that the other side asked to wait (`Retry-After`). */
  readonly retryAfterMs: number | undefined
  /** Whether the read budget knows of it and paces the next try, so that nobody need wait on top of that. */
  isPaced = false

  constructor(kind: FaultKind, message: string, retryAfterMs?: number) {
    super(message)
    this.kind = kind
    this.retryAfterMs = retryAfterMs
  }
}
