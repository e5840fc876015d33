import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Endable } from './service.ts'

const PROGRAM = fileURLToPath(new URL('s3-server-process.ts', import.meta.url))

/** What a client of the server needs besides its URL; the server's own, and no secret. */
export const S3_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' }

export interface S3Server {
  readonly url: string
  /** The folder in which it keeps its objects. */
  readonly directory: string
  readonly signal: (name: NodeJS.Signals) => void
  /** Kills it; resolves when it has gone. */
  readonly stop: () => Promise<void>
  /** Starts it again on the same port and folder. */
  readonly restart: () => Promise<void>
}

/**
 * A server that speaks S3, with the bucket `snapshots`, in a process of its own that ends with the test; and this
 * process' credentials for it. A `plain` one ignores conditional writes, a `create-only` one
 * honours `If-None-Match` alone.
 */
export async function anS3Server(
  t: Endable,
  conditions: 'conditional' | 'create-only' | 'plain' = 'conditional',
): Promise<S3Server> {
  Object.assign(process.env, S3_CREDENTIALS)
  const directory = await mkdtemp(`${tmpdir()}/sheetsync-s3-`)
  let child: ChildProcess | undefined
  let port = '0'
  const run = async () => {
    const started = spawn(process.execPath, [PROGRAM, directory, port, conditions], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child = started
    const [chunk] = (await Promise.race([once(started.stdout, 'data'), once(started, 'exit')])) as [Buffer | number]
    if (!Buffer.isBuffer(chunk)) throw new Error(`the S3 server ended with ${chunk} before it listened`)
    port = chunk.toString().trim()
  }
  const stop = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  t.teardown(async () => {
    await stop()
    await rm(directory, { recursive: true, force: true })
  })
  await run()
  return { url: `http://127.0.0.1:${port}`, directory, signal: (name) => child?.kill(name), stop, restart: run }
}
