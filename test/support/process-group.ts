import type { ChildProcess } from 'node:child_process'

/** Signals a detached child and all that it has started. One that could not be spawned, or has ended, is left alone. */
export function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  // Without a pid it would be the group of the test itself.
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
