import type { AppError, ErrorCode } from '../errors.ts'
import type { QuotaLimit } from '../ports/read-budget.ts'
import { redact } from '../redaction.ts'

/**
 * What went wrong with a call that may succeed when made again: `quota` (too many reads), `unavailable` (5xx, 408),
 * `timeout`, `network` (no answer at all), `garbled` (an answer that is cut off or no JSON), `incomplete` (an answer
 * that covers less than was asked), `too-large` (an answer that is larger than memory should hold), `unauthorized` (a
 * token that Google does not take any more), `descriptors` (this process has too many open files to make a call).
 */
export type FaultKind =
  | 'quota'
  | 'unavailable'
  | 'timeout'
  | 'network'
  | 'garbled'
  | 'incomplete'
  | 'too-large'
  | 'unauthorized'
  | 'descriptors'

/** How a fault of each kind is called in the status of a sync, and what a sync ends with that it does not pass. */
const CODES: Readonly<Record<FaultKind, ErrorCode>> = {
  quota: 'GOOGLE_QUOTA_EXCEEDED',
  unavailable: 'GOOGLE_UNAVAILABLE',
  timeout: 'GOOGLE_UNAVAILABLE',
  network: 'GOOGLE_UNREACHABLE',
  garbled: 'GOOGLE_UNAVAILABLE',
  incomplete: 'GOOGLE_ANSWER_INCOMPLETE',
  'too-large': 'GOOGLE_ANSWER_TOO_LARGE',
  unauthorized: 'GOOGLE_CREDENTIAL_INVALID',
  descriptors: 'GOOGLE_UNREACHABLE',
}

export class CallFault extends Error {
  override readonly name: string = 'CallFault'
  readonly kind: FaultKind
  /** Milliseconds that the other side asked to wait (`Retry-After`). */
  readonly retryAfterMs: number | undefined
  /** Whose limit is reached, with `quota`. */
  readonly limit: QuotaLimit
  /** Whether the read budget knows of it and paces the next try, so that nobody need wait on top of that. */
  isPaced = false

  /** `message` may repeat what the other side has said: it is redacted. */
  constructor(kind: FaultKind, message: string, retryAfterMs?: number, limit: QuotaLimit = 'account') {
    super(redact(message))
    this.kind = kind
    this.retryAfterMs = retryAfterMs
    this.limit = limit
  }

  get code(): ErrorCode {
    return CODES[this.kind]
  }
}

/** A fault of the sign-in, before the call itself was made. */
export class SignInFault extends CallFault {
  override readonly name = 'SignInFault'
}

/** A token was not taken: one that was revoked or ran out early is replaced, and the call made once more. */
export class TokenRefused extends CallFault {
  override readonly name = 'TokenRefused'
  /** What it means when the next token is not taken either. */
  readonly failure: AppError

  constructor(failure: AppError) {
    super('unauthorized', failure.message)
    this.failure = failure
  }
}
