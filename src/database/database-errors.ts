import { TimeoutError } from '../concurrency/timeout.ts'
import { AppError } from '../errors.ts'

/** PostgreSQL's error codes (manual, appendix A) that a person can act on. */
const HINTS: Readonly<Record<string, string>> = {
  '25006': 'STORAGE_URL must name the primary; this server only reads.',
  '28000': 'Check user and password in STORAGE_URL, and pg_hba.conf of the server.',
  '28P01': 'Check user and password in STORAGE_URL.',
  '3D000': 'Create the database that STORAGE_URL names.',
  '42501': 'Grant the user of STORAGE_URL the right to create and use its schema.',
  '42P01': 'A table is missing: restart the service, which creates it.',
  '53300': 'Raise max_connections of the server, or run fewer instances.',
}

const DISK_FULL = '53100'

/** The server answered that it stops, or that the session is over: class 08, 57P01 to 57P05. */
const SESSION_OVER = /^(?:08...|57P0[1245])$/

/** A statement that the server had prepared is no longer good: the tables have changed, or it was forgotten. */
const STALE_PLAN = new Set(['0A000', '26000'])

/** Whether the connection is of no more use after this error. */
export function breaksConnection(error: unknown): boolean {
  const code = codeOf(error)
  return code === undefined || !/^[0-9A-Z]{5}$/.test(code) || SESSION_OVER.test(code) || STALE_PLAN.has(code)
}

/** Whether the same statement may well succeed at once on another connection. */
export function isRetryable(error: unknown): boolean {
  return !(error instanceof TimeoutError) && breaksConnection(error)
}

/** Names a failure of the database. `what` reads "The status could not be written". The cause holds no password. */
export function toDatabaseError(error: unknown, what: string): unknown {
  if (error instanceof AppError || error instanceof TypeError) return error
  const code = codeOf(error)
  const reason = error instanceof TimeoutError ? 'PostgreSQL does not answer' : reasonOf(code)
  const kind = code === DISK_FULL ? 'STORAGE_FULL' : 'STORAGE_UNAVAILABLE'
  const detail = `${what}: ${reason}${code === undefined ? '' : ` (${code})`}.`
  return new AppError(kind, detail, { cause: error, hint: HINTS[code ?? ''] })
}

/** The server's code or the name of the failed system call; `undefined` where the client only has words. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function reasonOf(code: string | undefined): string {
  if (code === undefined || /^E[A-Z]/.test(code)) return 'PostgreSQL cannot be reached'
  if (code === DISK_FULL) return 'the disk of PostgreSQL is full'
  if (code === '57P03') return 'PostgreSQL is starting or stopping'
  if (code === '57014') return 'PostgreSQL took too long'
  return SESSION_OVER.test(code) ? 'PostgreSQL ended the connection' : 'PostgreSQL refused'
}
