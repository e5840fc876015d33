import type { CallOptions } from './limited-signal.ts'
import type { Problem } from './types.ts'

/** What an error of the service is made of when it did not come from the service. */
export type OwnCode = 'NETWORK_ERROR' | 'UNEXPECTED_ANSWER'

/** A call that failed. `message` says what is wrong, `hint` how to mend it. */
export class SheetsyncError extends Error {
  override readonly name = 'SheetsyncError'
  /** Stable; one of the service's own, `NETWORK_ERROR` when no answer came, or `UNEXPECTED_ANSWER` when somebody else answered. */
  readonly code: Problem['code'] | OwnCode
  /** HTTP status; 0 when there was no answer. */
  readonly status: number
  readonly hint: string | undefined
  /** Every field at fault, for bad input. */
  readonly errors: NonNullable<Problem['errors']>
  /** Names the request in the log of the service. */
  readonly requestId: string | undefined
  /** Whether the same call may succeed later with nothing changed. */
  readonly retryable: boolean
  /** Milliseconds that the service asked to wait. */
  readonly retryAfterMs: number | undefined
  /** The whole problem as the service told it (RFC 9457); `undefined` where the error came from elsewhere. */
  readonly problem: Problem | undefined

  constructor(
    message: string,
    fields: {
      readonly code: Problem['code'] | OwnCode
      readonly status: number
      readonly retryable: boolean
      readonly hint?: string | undefined
      readonly errors?: Problem['errors']
      readonly requestId?: string | undefined
      readonly retryAfterMs?: number | undefined
      readonly problem?: Problem | undefined
      readonly cause?: unknown
    },
  ) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.code = fields.code
    this.status = fields.status
    this.retryable = fields.retryable
    this.hint = fields.hint
    this.errors = fields.errors ?? []
    this.requestId = fields.requestId
    this.retryAfterMs = fields.retryAfterMs
    this.problem = fields.problem
  }
}

/** The error that a problem tells of. */
export function problemError(problem: Problem, retryAfterMs?: number): SheetsyncError {
  return new SheetsyncError(problem.detail, { ...problem, retryAfterMs, problem })
}

/** The error of an answer that is not a good one. `body`: what it held, as JSON if it was that. */
export function answerError(response: Response, body: unknown): SheetsyncError {
  const retryAfterMs = retryAfterMsOf(response)
  if (isProblem(body)) return problemError(body, retryAfterMs)
  return new SheetsyncError(
    `${response.url || 'The service'} answered ${response.status} ${response.statusText}`.trim(),
    {
      code: 'UNEXPECTED_ANSWER',
      status: response.status,
      retryable: response.status >= 500 || response.status === 429,
      retryAfterMs,
      hint: 'The answer is not one of Sheetsync; check baseUrl, and what stands between.',
    },
  )
}

/** The error of a call to which no answer came. */
export function networkError(cause: unknown): SheetsyncError {
  return new SheetsyncError(
    `The service cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      code: 'NETWORK_ERROR',
      status: 0,
      retryable: true,
      cause,
    },
  )
}

/** Milliseconds that `Retry-After` names, in seconds or as a date (RFC 9110, section 10.2.3). */
export function retryAfterMsOf(response: Response): number | undefined {
  const text = response.headers.get('retry-after')
  if (text === null) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

function isProblem(body: unknown): body is Problem {
  const { code, detail, type } = (body ?? {}) as Partial<Problem>
  return typeof code === 'string' && typeof detail === 'string' && String(type).startsWith('urn:sheetsync:')
}

/** What an answer holds, as JSON if it is that. */
export async function jsonOf(response: Response): Promise<unknown> {
  return parsed(await response.text())
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

/** The data of an answer; throws what an answer without any tells. */
export async function result<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
  options: CallOptions,
): Promise<Exclude<T, undefined>> {
  const { data, error, response } = await reached(call, options)
  if (!response.ok) throw answerError(response, typeof error === 'string' ? parsed(error) : error)
  return data as Exclude<T, undefined>
}

/** What comes of a call; its failure as an error of the service, or the signal's reason. */
export async function reached<T>(call: Promise<T>, { signal }: CallOptions): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw signal?.aborted ? signal.reason : networkError(error)
  }
}
