import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { type Log, silentLog } from '../../src/ports/log.ts'
import { RedisConnection } from '../../src/redis/connection.ts'
import { systemClock } from '../../src/system-clock.ts'

const run = promisify(execFile)

/** The server that tests share; each keeps to a prefix of its own. */
export const REDIS_URL = 'redis://127.0.0.1:6379'

/** Why tests that need the shared server are left out; false when they run. In CI they always do, and fail without it. */
export async function whyNoRedis(): Promise<string | false> {
  return process.env.CI === 'true' || (await answers(6379)) ? false : 'no Redis at 127.0.0.1:6379'
}

/** Why tests that start a server of their own are left out; false when they run. */
export async function whyNoRedisServer(): Promise<string | false> {
  const found = await run('redis-server', ['--version']).then(
    () => true,
    () => false,
  )
  return process.env.CI === 'true' || found ? false : 'no redis-server on this machine'
}

/** A prefix that nobody else uses; all keys under it are removed when the test ends. */
export function aPrefix(t: Test, url = REDIS_URL): string {
  const prefix = `{test-${randomUUID()}}:`
  t.teardown(async () => {
    const redis = new Redis(url)
    const keys = await redis.keys(`${prefix}*`)
    if (keys.length > 0) await redis.del(...keys)
    redis.disconnect()
  })
  return prefix
}

/** A connection for drivers, not yet started, which ends with the test. */
export function aConnection(
  t: Test,
  options: { readonly url?: string; readonly prefix?: string; readonly log?: Log } = {},
): RedisConnection {
  const connection = new RedisConnection({ url: REDIS_URL, clock: systemClock, log: silentLog, ...options })
  t.teardown(() => connection.close())
  return connection
}

/** A client for a test to look at what is stored, or to spoil it. */
export function aRedisClient(t: Test, url = REDIS_URL): Redis {
  const redis = new Redis(url)
  t.teardown(() => redis.disconnect())
  return redis
}

export interface OwnRedis {
  readonly url: string
  /** Ends it without a farewell. */
  kill(): Promise<void>
  /** Starts it again on what it had stored. */
  start(): Promise<void>
  /** Makes it say nothing, with its connections open. */
  hang(): void
  resume(): void
}

/** A server that a test may kill, hang and start again; it ends with the test. */
export async function anOwnRedis(t: Test, settings: readonly string[] = []): Promise<OwnRedis> {
  const directory = await mkdtemp(`${tmpdir()}/sheetsync-redis-`)
  const port = await freePort()
  let child: ChildProcess | undefined
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  t.teardown(async () => {
    await kill()
    await rm(directory, { recursive: true, force: true })
  })
  const server: OwnRedis = {
    url: `redis://127.0.0.1:${port}`,
    kill,
    async start() {
      const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory]
      const how = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']
      child = spawn('redis-server', [...where, ...how, ...settings], { stdio: 'ignore' })
      for (let tries = 0; !(await answers(port)); tries++) {
        if (tries === 300) throw new Error('redis-server did not start')
        await delay(20)
      }
    },
    hang: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  }
  await server.start()
  return server
}

/** Whether a server there answers PING. */
async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    socket.write('PING\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return /^(\+PONG|-NOAUTH)/.test(answer.toString())
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false
    throw error
  } finally {
    socket.destroy()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
