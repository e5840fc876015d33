import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { Test } from 'tap'

export const REDIS_URL = 'redis://127.0.0.1:6379'
export const POSTGRES_URL = 'postgres://postgres@127.0.0.1:5432/test'

export type ServerKind = 'redis' | 'postgres'

/** Whether the machine's own server answers; tests that need it are skipped by name where it does not, except in CI. */
export async function isThere(kind: ServerKind): Promise<boolean> {
  try {
    await (kind === 'redis' ? removeKeys(REDIS_URL, 'sheetsync-nobody') : runSql(POSTGRES_URL, 'SELECT 1'))
    return true
  } catch (error) {
    if (process.env.CI === 'true') throw error
    return false
  }
}

/** A namespace of its own on a server, which is removed with the test. */
export function aNamespace(t: Test, url: string): string {
  const namespace = `test_${randomBytes(6).toString('hex')}`
  t.teardown(() => removeNamespace(url, namespace))
  return namespace
}

export async function removeNamespace(url: string, namespace: string): Promise<void> {
  if (url.startsWith('redis')) await removeKeys(url, namespace)
  else await runSql(url, `DROP SCHEMA IF EXISTS "${namespace}" CASCADE`)
}

async function removeKeys(url: string, namespace: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => null, lazyConnect: true })
  redis.on('error', () => {})
  try {
    await redis.connect()
    for await (const keys of redis.scanStream({ match: `${namespace}:*`, count: 1000 }))
      if (keys.length > 0) await redis.del(...keys)
  } finally {
    redis.disconnect()
  }
}

export async function runSql(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 20_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** A database of its own on the machine's PostgreSQL, for what chooses its own schemas; it is dropped with the test. */
export async function aDatabaseUrl(t: Test): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await runSql(POSTGRES_URL, `CREATE DATABASE ${name}`)
  t.teardown(() => runSql(POSTGRES_URL, `DROP DATABASE ${name} WITH (FORCE)`))
  const url = new URL(POSTGRES_URL)
  url.pathname = name
  return url.href
}
