import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import type { Test } from 'tap'
import { Database } from '../../src/database/database.ts'
import { silentLog } from '../../src/ports/log.ts'
import { systemClock } from '../../src/system-clock.ts'

const { CI, TEST_POSTGRES_URL } = process.env

/** The server that tests share; each test has a schema of its own there. */
export const POSTGRES_URL = TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test'

/** Why tests that need PostgreSQL are skipped; false where it is there, or where its absence must be told. */
export async function skipWithoutPostgres(): Promise<string | false> {
  const client = new Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: SHARED_ANSWER_MS })
  try {
    await client.connect()
    return false
  } catch (error) {
    return failInCi(`there is no PostgreSQL at TEST_POSTGRES_URL: ${String(error)}`)
  } finally {
    await client.end()
  }
}

/** What is missing on somebody's machine is skipped by name; in CI it is an error, as nobody reads what was skipped. */
export function failInCi(reason: string): string {
  if (CI !== undefined && CI !== '' && CI !== 'false') throw new Error(reason)
  return reason
}

/** The name of a schema that no one else uses and that is gone after the test. */
export function aSchema(t: Test, url = POSTGRES_URL): string {
  const schema = `test_${randomBytes(8).toString('hex')}`
  t.teardown(() => execute(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`, [], url))
  return schema
}

/** Milliseconds that the shared server may take on a machine that has other things to do. */
const SHARED_ANSWER_MS = 20_000

/** A database in that schema, closed after the test. It keeps to the service's time limits on a server of the test's own only. */
export function aDatabase(t: Test, schema: string, url?: string): Database {
  const limits = url === undefined ? { url: POSTGRES_URL, answerMs: SHARED_ANSWER_MS } : { url }
  const database = new Database({ ...limits, schema, clock: systemClock, log: silentLog, connections: 4 })
  t.teardown(() => database.close())
  return database
}

/** Runs one statement over a connection of its own. */
export async function execute<Row extends object>(
  text: string,
  values: readonly unknown[] = [],
  url = POSTGRES_URL,
): Promise<Row[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: SHARED_ANSWER_MS })
  await client.connect()
  try {
    return (await client.query<Row>(text, [...values])).rows
  } finally {
    await client.end()
  }
}
