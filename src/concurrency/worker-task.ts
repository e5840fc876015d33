import { constants, setPriority } from 'node:os'
import { move, transferableSymbol, valueSymbol } from 'piscina'

/**
 * Makes of a function what a worker thread runs for each task: `buffersOf` names the buffers of a result, which change
 * hands with it.
 */
export function workerTask<Task, Result extends object>(
  run: (task: Task) => Result,
  buffersOf: (result: Result) => ArrayBuffer[],
): (task: Task) => unknown {
  // On Linux a priority belongs to a thread (sched(7)), so polls are answered first where cores are few. Elsewhere it
  // would be the whole process that steps back.
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL)
  return (task) => {
    const result = run(task)
    return move({ [transferableSymbol]: buffersOf(result), [valueSymbol]: result })
  }
}
