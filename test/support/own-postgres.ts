import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { execute, failInCi } from './postgres.ts'
import type { Endable } from './service.ts'

const run = promisify(execFile)

const BINARIES = '/usr/lib/postgresql'

/** A PostgreSQL server that a test may stop, hang and break as it likes; gone with its files after the test. */
export interface OwnPostgres {
  readonly url: string
  /** Begins to answer again after `stop`; resolves when it does. */
  start(): Promise<void>
  /** As an operator would: connections are cut, what was committed is kept. */
  stop(): Promise<void>
  /** As a kill would: no farewell, no checkpoint. */
  crash(): Promise<void>
  /** Every process of it stands still: connections stay, nothing answers. */
  freeze(): Promise<void>
  thaw(): Promise<void>
}

/** Why tests that start a server are skipped; false where they can. */
export async function skipWithoutServerPrograms(): Promise<string | false> {
  if ((await serverPrograms()) !== undefined) return false
  return failInCi(`there are no programs of a PostgreSQL server under ${BINARIES}`)
}

export async function anOwnPostgres(t: Endable, settings: Readonly<Record<string, string>> = {}): Promise<OwnPostgres> {
  const programs = await serverPrograms()
  if (programs === undefined) throw new Error(`there is no server under ${BINARIES}`)
  const directory = await mkdtemp('/tmp/sheetsync-postgres-')
  const identity = await unprivileged()
  if (identity !== undefined) await chown(directory, identity.uid, identity.gid)
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  let server: ChildProcess | undefined

  async function stop(signal: NodeJS.Signals): Promise<void> {
    if (server === undefined || server.exitCode !== null) return
    const exited = once(server, 'exit')
    server.kill(signal)
    await exited
    server = undefined
  }
  async function signalAll(signal: NodeJS.Signals): Promise<void> {
    if (server?.pid === undefined) return
    // The parent first, so that no child is born behind our back.
    server.kill(signal)
    for (const pid of await childrenOf(server.pid)) sendSignal(pid, signal)
  }
  const own: OwnPostgres = {
    url,
    async start() {
      const options = { listen_addresses: '127.0.0.1', unix_socket_directories: '', fsync: 'off', ...settings }
      server = spawn(
        `${programs}/postgres`,
        [
          '-D',
          directory,
          '-p',
          String(port),
          ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
        ],
        { ...identity, stdio: 'ignore', cwd: directory },
      )
      for (;;) {
        try {
          await execute('SELECT 1', [], url)
          return
        } catch (error) {
          if (server.exitCode !== null) throw error
          await delay(50)
        }
      }
    },
    stop: () => stop('SIGINT'),
    crash: () => stop('SIGQUIT'),
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
  }
  t.teardown(async () => {
    await own.thaw()
    await stop('SIGQUIT')
    await rm(directory, { recursive: true, force: true })
  })
  await run(
    `${programs}/initdb`,
    ['-D', directory, '-A', 'trust', '-U', 'postgres', '--no-sync', '--no-locale', '-E', 'UTF8'],
    {
      ...identity,
      cwd: directory,
    },
  )
  await own.start()
  return own
}

/** Stands between a client and a server, and loses what it is told to. */
export interface LossyProxy {
  readonly url: string
  /** The next answers to messages that hold `text` never arrive: the connection breaks instead. */
  loseAnswerTo(text: string, times?: number): void
  /** How many answers were lost. */
  readonly lost: number
}

export async function aLossyProxy(t: Test, to: string): Promise<LossyProxy> {
  const target = new URL(to)
  const sockets = new Set<Socket>()
  let losing: string | undefined
  let left = 0
  let lost = 0
  const proxy: Server = createServer((client) => {
    const server = new Socket()
    let isDoomed = false
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    server.connect(Number(target.port), target.hostname)
    client.on('data', (bytes) => {
      if (losing !== undefined && bytes.includes(losing)) {
        if (--left === 0) losing = undefined
        isDoomed = true
      }
      server.write(bytes)
    })
    server.on('data', (bytes) => {
      if (!isDoomed) {
        client.write(bytes)
        return
      }
      lost++
      client.destroy()
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
    await once(proxy, 'close')
  })
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const url = new URL(to)
  url.port = String(address.port)
  return {
    url: url.href,
    loseAnswerTo(text, times = 1) {
      losing = text
      left = times
    },
    get lost() {
      return lost
    },
  }
}

/** The folder of the newest server programs of this machine; `undefined` where there are none. */
async function serverPrograms(): Promise<string | undefined> {
  const versions = await readdir(BINARIES).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const newest = versions.sort((one, other) => Number(other) - Number(one))[0]
  return newest === undefined ? undefined : `${BINARIES}/${newest}/bin`
}

/** The server refuses to run as root. */
async function unprivileged(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)),
  )
  if (uid === undefined || gid === undefined) throw new Error('there is no user postgres')
  return { uid, gid }
}

/** A child may have ended since it was listed. */
function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const children: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ESRCH') return ''
      throw error
    })
    // proc(5): the parent is the second field after the name, which may hold blanks.
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) children.push(Number(name))
  }
  return children
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('there is no free port')
  return address.port
}
