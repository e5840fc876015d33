import { readFileSync } from 'node:fs'
import { errnoOf } from './disk-errors.ts'

/** A field of `/proc/pid/stat`, counted from 1 as proc(5) does; `undefined` when /proc has nothing of it. */
export function statField(pid: number | 'self', field: number): string | undefined {
  const text = tryProc(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  // The name in parentheses, field 2, may hold spaces, so fields are counted after it.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[field - 3]
}

/** The program of a process and its parameters; `undefined` when /proc has nothing of it. */
export function commandOf(pid: number): readonly string[] | undefined {
  return tryProc(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.split('\0')
}

/** Files and sockets that this process may have open at a time; `undefined` when /proc does not tell, or any number. */
export function openFilesAtMost(): number | undefined {
  // Node has raised the soft limit to the hard one.
  const limits = tryProc(() => readFileSync('/proc/self/limits', 'latin1'))
  const files = /^Max open files +(\d+)/m.exec(limits ?? '')?.[1]
  return files === undefined ? undefined : Number(files)
}

/** `undefined` where there is no such file; any errno means the same here. */
export function tryProc<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined
    throw error
  }
}

/** Whether any process has the pid, on every system. */
export function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there, and another user's.
    return errnoOf(error) !== 'ESRCH'
  }
}
