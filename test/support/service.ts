import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import type { Test } from 'tap'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/emulator.ts'
import { compose } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { checkedByDocument } from './contract.ts'
import { signalGroup } from './process-group.ts'

/** What ends with a test, or with a bench that has no tests. */
export type Endable = Pick<Test, 'teardown'>

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What tap has the tests themselves compiled into; without it each start compiles the whole source. */
const COMPILE_CACHE: Readonly<Record<string, string>> =
  process.env.NODE_COMPILE_CACHE === undefined
    ? {}
    : { NODE_COMPILE_CACHE: resolve(ROOT, process.env.NODE_COMPILE_CACHE) }

/** An emulator that ends with the test. */
export async function anEmulator(t: Endable, options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options)
  t.teardown(() => emulator.close())
  return emulator
}

/** The whole service in this process, on a free port and a folder of its own; it ends with the test. */
export async function aService(
  t: Test,
  environment: Record<string, string>,
): Promise<{ url: string; directory: string; close: () => Promise<void> }> {
  const directory = await aDirectory(t)
  const service = await compose(readConfig({ ...environmentFor(directory), ...environment }), pino({ level: 'silent' }))
  t.teardown(() => service.close())
  const url = await service.start()
  // `npm run test:contract`: every answer that a test gets is held against the OpenAPI document.
  const isChecked = process.env.CONTRACT === '1'
  return { url: isChecked ? await checkedByDocument(t, url) : url, directory, close: () => service.close() }
}

/** An empty folder that is removed with the test. */
export async function aDirectory(t: Endable): Promise<string> {
  const directory = await mkdtemp(`${tmpdir()}/sheetsync-test-`)
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** A port that was free a moment ago, for a service whose address has to be known, or the same, at each start. */
export async function aFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** The settings of a service that keeps everything in one folder and listens on any free port. */
export function environmentFor(directory: string): Record<string, string> {
  return {
    PORT: '0',
    STORAGE_URL: `file:${directory}/sync-status`,
    SNAPSHOT_URL: `file:${directory}/snapshots`,
    QUERY_CACHE_URL: `file:${directory}/query-cache`,
    GOOGLE_READS_PER_MINUTE: '6000',
  }
}

export interface ServiceProcess {
  readonly process: ChildProcess
  readonly url: string
  /** Everything it printed so far. */
  output(): string
  /** Sends the signal and resolves to the exit code (or the signal's name) once the process has ended. */
  end(signal: NodeJS.Signals): Promise<number | string>
}

/** The service as its users start it: a process of its own. It is killed with the test if it still runs. */
export async function aServiceProcess(
  t: Endable,
  environment: Record<string, string>,
  nodeArguments: readonly string[] = ['src/server.ts'],
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, nodeArguments, {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...COMPILE_CACHE, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what a watching parent has started ends with it.
    detached: true,
  })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    signalGroup(child, 'SIGKILL')
    await exited
  })
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const url = await new Promise<string>((listening, reject) => {
    const lines = createInterface({ input: child.stdout })
    lines.on('line', (line) => {
      output += `${line}\n`
      const address = /"Sheetsync answers at (http[^"]+)"/.exec(line)?.[1]
      if (address !== undefined) listening(address)
    })
    exited.then(([code]) => reject(new Error(`the service ended with ${code} before it listened: ${output}`)), reject)
  })
  return {
    process: child,
    url,
    output: () => output,
    async end(name) {
      child.kill(name)
      const [code, killer] = (await exited) as [number | null, string | null]
      return code ?? killer ?? 'unknown'
    },
  }
}

export async function startSync(url: string, body: SyncRequestInput): Promise<SyncView> {
  const answer = await fetch(`${url}/syncs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const sync = (await answer.json()) as SyncView
  if (answer.status !== 202) throw new Error(`POST /syncs answered ${answer.status}: ${JSON.stringify(sync)}`)
  return sync
}

export async function getSync(url: string, id: string): Promise<SyncView> {
  return (await (await fetch(`${url}/syncs/${id}`)).json()) as SyncView
}

/**
 * Polls, as a frontend would, until the sync fulfils the condition; the test's own timeout bounds the wait. Other conditions
 * than the end of a sync may pass unseen, so that for the end alone it polls less often after a second.
 */
export async function pollUntil(url: string, id: string, condition: (sync: SyncView) => boolean): Promise<SyncView> {
  for (let polls = 0; ; polls += 1) {
    const sync = await getSync(url, id)
    // A problem in its place has no end and would pass for one.
    if (sync.id !== id) throw new Error(`GET /syncs/${id} answered ${JSON.stringify(sync)}`)
    if (condition(sync)) return sync
    await delay(condition === finished && polls > 40 ? 200 : 25)
  }
}

export function finished(sync: SyncView): boolean {
  return sync.finishedAt !== null
}
