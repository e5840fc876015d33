import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import packageJson from '../../package.json' with { type: 'json' }

const EMULATOR = fileURLToPath(new URL('../../emulator/main.ts', import.meta.url))

export interface EmulatorProcess {
  readonly rootUrl: string
  /** Reads a path of the control surface, such as `count`. */
  ask(path: string): Promise<unknown>
  tell(path: string, body?: unknown): Promise<void>
  stop(): Promise<void>
}

/** An emulator in a process of its own, so that its work is nobody else's. */
export async function startEmulatorProcess(parameters: readonly string[]): Promise<EmulatorProcess> {
  const child = spawn(process.execPath, [EMULATOR, '--port', '0', ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const rootUrl = await firstMatch(child, /GOOGLE_API_ROOT_URL=(\S+)/)
  return {
    rootUrl,
    ask: async (path) => (await fetch(`${rootUrl}emulator/${path}`)).json(),
    async tell(path, body) {
      await fetch(`${rootUrl}emulator/${path}`, { method: 'POST', body: JSON.stringify(body ?? {}) })
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

export interface ServiceProcess {
  readonly url: string
  readonly pid: number
  /** The memory that it has now, in MB; Linux only. */
  rssMb(): Promise<number>
  /** The most memory that it had at any time, in MB; Linux only. */
  peakRssMb(): Promise<number>
  /** Processor time of all its threads so far, in milliseconds; Linux only. */
  cpuMs(): Promise<number>
  stop(): Promise<void>
}

/** The whole service, as its users start it, before an emulator. */
export async function startService(
  rootUrl: string,
  directory: string,
  environment: Record<string, string> = {},
): Promise<ServiceProcess> {
  // Just what `npm start` runs.
  const [, ...parameters] = packageJson.scripts.start.split(' ')
  const child = spawn(process.execPath, parameters, {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: {
      PATH: process.env.PATH ?? '',
      PORT: '0',
      STORAGE_URL: `file:${directory}/sync-status`,
      SNAPSHOT_URL: `file:${directory}/snapshots`,
      GOOGLE_API_ROOT_URL: rootUrl,
      GOOGLE_READS_PER_MINUTE: '100000',
      SYNC_CONCURRENCY: '10',
      SNAPSHOTS_KEPT: '1',
      ...(process.env.NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const url = await firstMatch(child, /answers at (http[^"\s]+)/)
  child.stdout?.resume()
  const statusMb = async (field: string) => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024
  }
  return {
    url,
    pid: child.pid ?? 0,
    rssMb: () => statusMb('VmRSS'),
    peakRssMb: () => statusMb('VmHWM'),
    async cpuMs() {
      // Fields 14 and 15 of proc_pid_stat(5): ticks in user and kernel mode, a hundred a second.
      const fields = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
      return (Number(fields[11]) + Number(fields[12])) * 10
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** What a contestant's process tells when it is done. */
export interface Figures {
  readonly ms: number
  /** Processor time of all threads. */
  readonly cpuMs: number
  readonly peakRssMb: number
  readonly sha256: string
  readonly bytes: number
}

/** Runs a contestant in a process of its own and resolves to the figures that it prints last. */
export async function runContestant(name: string, parameters: object): Promise<Figures> {
  const script = fileURLToPath(new URL(`contestants/${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(parameters)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let last = ''
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = line
  })
  const [code] = await exited
  if (code !== 0) throw new Error(`${name} ended with ${code}`)
  return JSON.parse(last) as Figures
}

async function firstMatch(child: ChildProcess, pattern: RegExp): Promise<string> {
  if (child.stdout === null) throw new TypeError('the process has no output to read')
  for await (const line of createInterface({ input: child.stdout })) {
    const match = pattern.exec(line)?.[1]
    if (match !== undefined) return match
  }
  throw new Error('the process ended before it said what was waited for')
}
