import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'

/** All that is kept at a URL of a folder, of Redis or of PostgreSQL, as text. */
export function contentsOf(url: string): Promise<string> {
  if (url.startsWith('redis')) return contentsOfRedis(url)
  return url.startsWith('postgres') ? contentsOfPostgres(url) : contentsOfFolder(url.replace(/^file:/, ''))
}

/** The text of every file under a folder, by its path. */
export async function filesUnder(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const texts = files.map(async (path) => [path, await readFile(path, 'latin1').catch(() => '')] as const)
  return new Map(await Promise.all(texts))
}

async function contentsOfFolder(directory: string): Promise<string> {
  return [...(await filesUnder(directory))].flat().join('\n')
}

async function contentsOfRedis(url: string): Promise<string> {
  const redis = new Redis(url)
  const read: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
    string: (key) => redis.get(key),
    hash: (key) => redis.hgetall(key),
    list: (key) => redis.lrange(key, 0, -1),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.zrange(key, '0', '-1'),
    stream: (key) => redis.xrange(key, '-', '+'),
  }
  try {
    const texts: string[] = []
    for (const key of await redis.keys('*')) {
      texts.push(key, JSON.stringify((await read[await redis.type(key)]?.(key)) ?? null))
    }
    return texts.join('\n')
  } finally {
    redis.disconnect()
  }
}

async function contentsOfPostgres(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: tables } = await client.query(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    )
    const texts: string[] = []
    for (const { name } of tables)
      texts.push(JSON.stringify((await client.query(`SELECT t::text FROM ${name} t`)).rows))
    return texts.join('\n')
  } finally {
    await client.end()
  }
}
