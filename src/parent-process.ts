import { commandOf, exists, statField } from './disk/proc.ts'
import type { Clock } from './ports/clock.ts'

const INTERVAL_MS = 500
/** Read as early as possible, so that a parent which ends before the watch begins is noticed too. */
const PARENT = process.ppid

interface ParentWatchOptions {
  readonly clock: Clock
  /** Ends the watch. */
  readonly signal: AbortSignal
  /** The command line of the npm script that this process was started by (`npm_lifecycle_script`). */
  readonly script: string
}

/**
 * Resolves to `true` half a second at the latest after this process has lost the npm that started it, or to `false` once
 * the signal is aborted. Never rejects. The parent is npm itself, or a shell that npm runs the script with:
 *
 * - Windows: `cmd.exe`, which ends with npm, as libuv keeps a child in a job object that dies with its owner.
 * - Linux with dash or BusyBox: `sh`, which dies with a signal that npm passes on, and outlives a killed npm. So its own
 *   parent is watched too.
 * - other shells, such as bash: none, as they are replaced by the last command they run.
 */
export async function parentEnded({ clock, signal, script }: ParentWatchOptions): Promise<boolean> {
  const npm = isShellOf(PARENT, script) ? parentOf(PARENT) : undefined
  // A system with orphans gives them another parent; Windows leaves them the number of the dead one.
  const isAlive = () => process.ppid === PARENT && exists(PARENT) && (npm === undefined || parentOf(PARENT) === npm)
  while (isAlive()) if (!(await clock.sleep(INTERVAL_MS, signal))) return false
  return true
}

function isShellOf(pid: number, script: string): boolean {
  const [, option, command] = commandOf(pid) ?? []
  return option === '-c' && command?.startsWith(script) === true
}

/** `undefined` where there is no /proc. */
function parentOf(pid: number): number | undefined {
  const parent = statField(pid, 4)
  return parent === undefined ? undefined : Number(parent)
}
