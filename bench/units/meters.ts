import { readdir, readFile } from 'node:fs/promises'
import { Redis } from 'ioredis'
import { anOwnPostgres } from '../../test/support/own-postgres.ts'
import { aRedisServer } from '../../test/support/own-servers.ts'
import { runSql } from '../../test/support/queue-servers.ts'
import type { Endable } from '../../test/support/service.ts'

/** What has been counted since a process or server began. */
export type Counts = Readonly<Record<string, number>>

/** A storage server of the bench's own, and what it counts. */
export interface Server {
  readonly url: string
  /** Counted since it began. */
  counts(): Promise<Counts>
  /** Connections of the service: how many of each kind. */
  connections(): Promise<string>
  /** What it keeps, a line for each kind of key or table. */
  kept(): Promise<string[]>
}

/** Processor time of a process with all its threads and those of its children that have ended, in milliseconds. */
export async function cpuMs(pid: number | undefined): Promise<number> {
  const [user, system, childUser, childSystem] = (await statOf(pid)).slice(11, 15)
  return [user, system, childUser, childSystem].reduce((sum, ticks) => sum + Number(ticks) * 10, 0)
}

/** Resident and, at most so far, resident memory in MB. */
export async function memoryMb(pid: number | undefined): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const field = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024
  return { now: field('VmRSS'), peak: field('VmHWM') }
}

export async function redisServer(t: Endable): Promise<Server> {
  const { url } = await aRedisServer(t)
  const redis = new Redis(url)
  t.teardown(() => redis.disconnect())
  const field = (info: string, name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1])
  return {
    url,
    async counts() {
      const info = await redis.info('everything')
      const all = info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)
      const calls = Object.fromEntries(Array.from(all, ([, name = '', count]) => [name, Number(count)]))
      const scripts = (calls.evalsha ?? 0) + (calls.eval ?? 0)
      return {
        'ms of CPU': (field(info, 'used_cpu_sys') + field(info, 'used_cpu_user')) * 1000,
        scripts,
        'commands in and beside them': Object.values(calls).reduce((sum, count) => sum + count, 0) - scripts,
        'bytes in': field(info, 'total_net_input_bytes'),
        'bytes out': field(info, 'total_net_output_bytes'),
        'bytes of memory': field(info, 'used_memory'),
        'bytes of AOF': field(info, 'aof_current_size'),
      }
    },
    async connections() {
      const list = String(await redis.client('LIST'))
      return `${list.trim().split('\n').length - 1} (${list.match(/sub=[1-9]/g)?.length ?? 0} subscribed)`
    },
    async kept() {
      const groups = new Map<string, { keys: number; bytes: number }>()
      for await (const keys of redis.scanStream({ count: 1000 }) as AsyncIterable<string[]>) {
        for (const key of keys) {
          const kind = key
            .replaceAll(/sync-[0-9a-f-]{36}/g, '<id>')
            .replace(/(leases|idempotency):[^:]{3,}$/, '$1:<key>')
          const group = groups.get(kind) ?? { keys: 0, bytes: 0 }
          const bytes = Number(await redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'))
          groups.set(kind, { keys: group.keys + 1, bytes: group.bytes + bytes })
        }
      }
      return [...groups].sort().map(([kind, { keys, bytes }]) => `${kind}: ${keys} keys, ${bytes} bytes`)
    },
  }
}

export async function postgresServer(t: Endable): Promise<Server> {
  const { url } = await anOwnPostgres(t, { fsync: 'on' })
  const row = async (sql: string) => ((await runSql(url, sql)) as Record<string, string>[])[0] ?? {}
  const { pid } = await row("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS pid")
  return {
    url,
    async counts() {
      const { commits, lsn } = await row(`SELECT xact_commit AS commits, pg_current_wal_lsn() - '0/0' AS lsn
        FROM pg_stat_database WHERE datname = current_database()`)
      const { syncs } = await row('SELECT wal_sync AS syncs FROM pg_stat_wal')
      return {
        'ms of CPU': await cpuOfFamily(Number(pid)),
        transactions: Number(commits),
        'fsyncs of the log': Number(syncs),
        'bytes of log': Number(lsn),
      }
    },
    async connections() {
      const rows = (await runSql(
        url,
        `SELECT application_name AS name, count(*)::int AS count FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1 ORDER BY 1`,
      )) as { name: string; count: number }[]
      return rows.map(({ name, count }) => `${count} ${name || '(BullMQ)'}`).join(', ')
    },
    async kept() {
      const rows = (await runSql(
        url,
        `SELECT schemaname || '.' || relname AS name, pg_total_relation_size(relid)::int AS bytes,
           (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I.%I', schemaname, relname), true, true, '')))[1]::text AS rows
         FROM pg_stat_user_tables ORDER BY 1`,
      )) as { name: string; bytes: number; rows: string }[]
      return rows.map(({ name, bytes, rows }) => `${name}: ${rows} rows, ${bytes} bytes with indexes`)
    },
  }
}

/** Of the postmaster and all its sessions. */
async function cpuOfFamily(pid: number): Promise<number> {
  let sum = await cpuMs(pid)
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await statOf(Number(name)).catch(() => [])
    if (Number(stat[1]) === pid) sum += (Number(stat[11]) + Number(stat[12])) * 10
  }
  return sum
}

/** The fields of proc_pid_stat(5) after the name; ticks are a hundred a second. */
async function statOf(pid: number | undefined): Promise<string[]> {
  return (await readFile(`/proc/${pid}/stat`, 'latin1')).replace(/^.*\) /, '').split(' ')
}
