import type { Client, ClientBase } from 'pg'
import { AppError } from '../errors.ts'

/** How often two connections are compared. An idle pooler gives itself away at the first, a busy one within a few. */
const ROUNDS = 8

/** What BullMQ sends with each of its connections; PgBouncer refuses parameters that it does not know. */
const OPTIONS_OF_BULLMQ = '-c search_path=sheetsync_queue'

/** The server, or a pooler, refuses what the connection began with (PostgreSQL manual, appendix A). */
const PROTOCOL_VIOLATION = '08P01'

/**
 * Rejects unless the connection has a session of its own for as long as it lives. Behind a pooler that gives each
 * transaction another session (PgBouncer's `pool_mode=transaction`) a LISTEN is accepted, and never heard of again;
 * prepared statements and settings are lost, or are somebody else's. Costs one round trip where there is no pooler.
 */
export async function requireOwnSessions(client: ClientBase, another: (options: string) => Client): Promise<void> {
  const backend = await backendOf(client)
  // The server names its process as the connection begins (BackendKeyData); a pooler makes up another number.
  if ('processID' in client && client.processID === backend) return
  const other = another(OPTIONS_OF_BULLMQ)
  other.on('error', () => {})
  try {
    await other.connect()
    for (let round = 0; round < ROUNDS; round++) {
      // A transaction of the other gets the session that was free last, which was this one's.
      if ((await backendOf(other)) === backend || (await backendOf(client)) !== backend) throw sharedSessions()
    }
  } catch (error) {
    throw isProtocolViolation(error) ? refusedOptions(error) : error
  } finally {
    await other.end()
  }
}

async function backendOf(client: ClientBase): Promise<number | undefined> {
  const { rows } = await client.query<{ backend: number }>('SELECT pg_backend_pid() AS backend')
  return rows[0]?.backend
}

function isProtocolViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === PROTOCOL_VIOLATION
}

function sharedSessions(): AppError {
  return new AppError(
    'STORAGE_UNAVAILABLE',
    'STORAGE_URL points to a connection pooler that gives each transaction another session of PostgreSQL, where LISTEN and prepared statements do not work.',
    { hint: 'Set pool_mode = session in PgBouncer for this database, or name PostgreSQL itself in STORAGE_URL.' },
  )
}

function refusedOptions(cause: unknown): AppError {
  return new AppError(
    'STORAGE_UNAVAILABLE',
    'STORAGE_URL points to a connection pooler that refuses the startup parameter "options".',
    { cause, hint: 'Set ignore_startup_parameters = options in PgBouncer, or name PostgreSQL itself in STORAGE_URL.' },
  )
}
