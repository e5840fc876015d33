import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, chown, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { runSql, type ServerKind } from './queue-servers.ts'
import type { Endable } from './service.ts'

const POSTGRES_BIN = '/usr/lib/postgresql/15/bin'
const run = promisify(execFile)

/** A server that a test may stop, hang and start again as it likes; it ends with the test. */
export interface OwnServer {
  readonly url: string
  /** The same server as a host of another network reaches it. */
  urlAt(address: string): string
  /** Ends it as an operator would. */
  stop(): Promise<void>
  /** Starts it again on what it had stored. */
  start(): Promise<void>
  /** Makes it say nothing, to anybody, with its connections open. */
  hang(): Promise<void>
  resume(): Promise<void>
  /** Removes everything that it holds. */
  clear(): Promise<void>
}

/** It listens on loopback, and on `address` as well if there is one. */
export function anOwnServer(t: Endable, kind: ServerKind, address?: string): Promise<OwnServer> {
  return kind === 'redis' ? aRedisServer(t, address) : aPostgresServer(t, address)
}

export async function aRedisServer(t: Endable, address?: string): Promise<OwnServer> {
  const directory = await mkdtemp(`${tmpdir()}/sheetsync-redis-`)
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  const server: OwnServer = {
    url,
    urlAt: (address) => url.replace('127.0.0.1', address),
    async start() {
      child = spawn(
        'redis-server',
        [
          [
            '--port',
            String(port),
            '--dir',
            directory,
            '--bind',
            '127.0.0.1',
            ...(address === undefined ? [] : [address]),
          ],
          ['--protected-mode', 'no', '--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'],
        ].flat(),
        { stdio: 'ignore' },
      )
      await untilAnswered(() => ping(url))
    },
    async stop() {
      await ended(child, 'SIGTERM')
    },
    async hang() {
      child?.kill('SIGSTOP')
    },
    async resume() {
      child?.kill('SIGCONT')
    },
    async clear() {
      const redis = new Redis(url)
      await redis.flushall()
      redis.disconnect()
    },
  }
  t.teardown(async () => {
    await ended(child, 'SIGKILL')
    await rm(directory, { recursive: true, force: true })
  })
  await server.start()
  return server
}

export async function aPostgresServer(t: Endable, address?: string): Promise<OwnServer> {
  const directory = await mkdtemp(`${tmpdir()}/sheetsync-postgres-`)
  const { uid, gid } = await postgresUser()
  await chown(directory, uid, gid)
  const as = { uid, gid, cwd: directory }
  const data = `${directory}/data`
  await run(`${POSTGRES_BIN}/initdb`, ['-D', data, '-U', 'postgres', '-A', 'trust', '-N', '--no-instructions'], as)
  if (address !== undefined) await appendFile(`${data}/pg_hba.conf`, 'host all all 198.18.0.0/15 trust\n')
  const port = await freePort()
  const listening = address === undefined ? '127.0.0.1' : `127.0.0.1,${address}`
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  let child: ChildProcess | undefined
  const server: OwnServer = {
    url,
    urlAt: (address) => url.replace('127.0.0.1', address),
    async start() {
      child = spawn(
        `${POSTGRES_BIN}/postgres`,
        ['-D', data, '-p', String(port), '-k', directory, '-c', `listen_addresses=${listening}`, '-c', 'fsync=off'],
        { ...as, stdio: 'ignore', detached: true },
      )
      await untilAnswered(() => runSql(url, 'SELECT 1'))
    },
    async stop() {
      // Fast shutdown: sessions are ended, as an operator's restart does.
      await ended(child, 'SIGINT')
    },
    async hang() {
      await signalFamily(child, 'SIGSTOP')
    },
    async resume() {
      await signalFamily(child, 'SIGCONT')
    },
    async clear() {
      const schemas = (await runSql(
        url,
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')",
      )) as { nspname: string }[]
      for (const { nspname } of schemas) await runSql(url, `DROP SCHEMA "${nspname}" CASCADE`)
    },
  }
  t.teardown(async () => {
    await signalFamily(child, 'SIGCONT')
    await ended(child, 'SIGQUIT')
    await rm(directory, { recursive: true, force: true })
  })
  await server.start()
  return server
}

/** The postmaster and the sessions it forked, each of which has a process group of its own. */
async function signalFamily(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null) return
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
  for (const pid of [child.pid, ...children.trim().split(/\s+/).filter(Boolean).map(Number)]) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

export async function postgresUser(): Promise<{ uid: number; gid: number }> {
  const entry = (await readFile('/etc/passwd', 'utf8')).split('\n').find((line) => line.startsWith('postgres:'))
  const [, , uid = '', gid = ''] = entry?.split(':') ?? []
  return process.getuid?.() === 0
    ? { uid: Number(uid), gid: Number(gid) }
    : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
}

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

async function ping(url: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => null, lazyConnect: true })
  redis.on('error', () => {})
  try {
    await redis.connect()
    await redis.ping()
  } finally {
    redis.disconnect()
  }
}

async function untilAnswered(ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await ask()
      return
    } catch (error) {
      if (tries === 300) throw error
      await delay(50)
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
