import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import {
  aDirectory,
  aServiceProcess,
  type Endable,
  environmentFor,
  type ServiceProcess,
} from '../../support/service.ts'

/** Bytes that a small container has. */
export const MEMORY_BYTES = 512 * 1024 * 1024

export interface ConfinedService extends ServiceProcess {
  readonly pid: number
  /** Everything that it keeps lies here. */
  readonly directory: string
  /** Megabytes that it holds now. */
  memoryMb(): Promise<number>
  /** The most megabytes that it held since the start, or since the last reset. */
  peakMb(): Promise<number>
  resetPeak(): void
  readonly isAlive: boolean
}

interface Confinement {
  /** Settings beside those of `environmentFor`. */
  readonly environment?: Record<string, string>
  /** Most descriptors that the process may have open; default: as many as this one. */
  readonly descriptors?: number
  readonly memoryBytes?: number
}

/**
 * The service as `npm start` starts it, in a memory limit of 512 MB where this user may make a cgroup (version 1 or 2);
 * elsewhere its measured peak alone speaks. It ends with the test.
 */
export async function aConfinedService(t: Endable, confinement: Confinement = {}): Promise<ConfinedService> {
  const { environment = {}, descriptors, memoryBytes = MEMORY_BYTES } = confinement
  const directory = await aDirectory(t)
  const group = aMemoryGroup(t, memoryBytes)
  const start = [
    group === undefined ? '' : `echo $$ > ${group}/cgroup.procs;`,
    descriptors === undefined ? '' : `ulimit -n ${descriptors};`,
    `exec ${process.execPath} --max-semi-space-size=8 src/start.mjs`,
  ].join(' ')
  // Node takes over from the launcher and from the shell by exec, so that the process that is known here is the service.
  const launcher = `process.execve('/bin/sh', ['sh', '-c', ${JSON.stringify(start)}], process.env)`
  const service = await aServiceProcess(t, { ...environmentFor(directory), ...environment }, ['-e', launcher])
  const pid = service.process.pid ?? 0
  return {
    ...service,
    pid,
    directory,
    memoryMb: () => statusMb(pid, 'VmRSS'),
    peakMb: () => statusMb(pid, 'VmHWM'),
    // proc_pid_clear_refs(5): "5" resets the peak resident set size.
    resetPeak: () => writeFileSync(`/proc/${pid}/clear_refs`, '5'),
    get isAlive() {
      return service.process.exitCode === null && service.process.signalCode === null
    },
  }
}

/** A field of `/proc/PID/status` in megabytes; the process must be alive. */
async function statusMb(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
}

/** The folder of a new cgroup whose processes share so much memory; `undefined` where none may be made. */
function aMemoryGroup(t: Endable, bytes: number): string | undefined {
  const name = `sheetsync-${process.pid}-${Math.random().toString(36).slice(2, 8)}`
  for (const [folder, limits] of [
    [`/sys/fs/cgroup/memory/${name}`, ['memory.limit_in_bytes']],
    [`/sys/fs/cgroup/${name}`, ['memory.max', 'memory.swap.max']],
  ] as const) {
    try {
      mkdirSync(folder)
    } catch {
      // Whatever forbids it (no such version, no rights, a read-only mount), another way is tried.
      continue
    }
    t.teardown(() => removeGroup(folder))
    try {
      for (const limit of limits) writeFileSync(`${folder}/${limit}`, String(limit.includes('swap') ? 0 : bytes))
      return folder
    } catch {
      // A tree without the memory controller.
    }
  }
  return undefined
}

/** The system lets go of a group shortly after its last process has. */
async function removeGroup(folder: string): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      return rmdirSync(folder)
    } catch {
      await delay(100)
    }
  }
}
