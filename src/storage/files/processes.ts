import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { errnoOf } from '../../disk/disk-errors.ts'

/**
 * Tells processes apart by more than their number, which the system gives out again. A token goes into file names, so
 * it is made of `A-Za-z0-9-` only.
 */
export interface Processes {
  /** The token of this process. */
  readonly self: string
  /** True only when the process is known to have ended; false also when nothing can be known. */
  isGone(token: string): boolean
  /** False when the token names another boot of the system (or another system): that process shares no memory with us. */
  isOfThisBoot(token: string): boolean
}

/**
 * Linux: pid, start time in clock ticks (proc(5), field 22 of `/proc/pid/stat`), pid namespace and boot id. A process of
 * this namespace and boot whose pid is free, or was given to one with another start time, has ended. Elsewhere, where
 * there is no /proc: a pid of this host that nobody has.
 */
export function systemProcesses(): Processes {
  const place = placeInKernel()
  const start = place === undefined ? undefined : startTimeOf('self')
  const here = place ?? placeByName()
  const self = `${process.pid}-${start ?? 0}-${here}`
  return {
    self,
    isGone(token) {
      const [pid, startTime, ...rest] = token.split('-')
      if (token === self || pid === undefined || !/^[1-9]\d*$/.test(pid) || rest.join('-') !== here) return false
      const found = start === undefined ? undefined : startTimeOf(pid)
      // Without an entry in /proc (there is none, or it hides other users' processes) only the signal can tell.
      return found === undefined ? !exists(Number(pid)) : found !== startTime
    },
    isOfThisBoot: (token) => token.split('-').at(-1) === here.split('-').at(-1),
  }
}

function placeInKernel(): string | undefined {
  const namespace = tryProc(() => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0')
  const boot = tryProc(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
  return namespace && boot && `${namespace}-${boot.replace(/[^0-9a-f]/g, '').slice(0, 16)}`
}

function placeByName(): string {
  return `host-${Buffer.from(hostname()).toString('hex').slice(0, 32)}`
}

/** `undefined` when /proc has nothing of it. The name in parentheses may hold spaces, so fields are counted after it. */
function startTimeOf(pid: string): string | undefined {
  const text = tryProc(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19]
}

/** `undefined` where there is no such file; any errno means the same here. */
function tryProc<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined
    throw error
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there, and another user's.
    return errnoOf(error) !== 'ESRCH'
  }
}
