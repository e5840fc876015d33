import { type ProcessTable, processTable } from '../../disk/process-table.ts'

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
 * A process has ended when it is of this place and boot, and its pid is free or was given to one with another start time.
 * Where the system tells no start time, a pid that was given out again says nothing, and its owner counts as alive for as
 * long as its lease was not seen to stand still.
 */
export function systemProcesses(table: ProcessTable = processTable): Processes {
  const self = `${table.pid}-${table.start}-${table.place}`
  return {
    self,
    isGone(token) {
      const [pid, start, ...place] = token.split('-')
      if (token === self || pid === undefined || !/^[1-9]\d*$/.test(pid) || !table.isHere(place.join('-'))) return false
      const found = table.startOf(Number(pid))
      // Without a start time (none is told, or other users' processes are hidden) only the pid can tell.
      return found === undefined ? !table.exists(Number(pid)) : found !== start
    },
    isOfThisBoot: (token) => table.isOfThisBoot(token.split('-').slice(2).join('-')),
  }
}
