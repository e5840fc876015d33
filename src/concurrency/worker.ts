import { constants, setPriority } from 'node:os'
import { move, transferableSymbol, valueSymbol } from 'piscina'
import { hasThreadPriorities } from '../disk/platform.ts'
import { buffersIn, type Outcome, type WorkerTask } from './worker-pool.ts'

// So polls are answered first where cores are few.
if (hasThreadPriorities) setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL)

/** What a worker thread does for each task. */
export default async function execute({ module, name, task }: WorkerTask): Promise<unknown> {
  const outcome = await call(module, name, task)
  const transferred = buffersIn(outcome)
  // The others are freed at once: megabytes that wait for the garbage collector would add up.
  for (const buffer of buffersIn(task)) if (!transferred.includes(buffer)) buffer.transfer(0)
  return move({ [transferableSymbol]: transferred, [valueSymbol]: outcome })
}

async function call(module: string, name: string, task: unknown): Promise<Outcome> {
  try {
    const functions: Record<string, (task: unknown) => object> = await import(module)
    const result = functions[name]?.(task)
    if (result === undefined) throw new TypeError(`${module} exports no function ${name}`)
    return { result }
  } catch (thrown) {
    // Whatever it is, it is for the caller to judge.
    return { thrown }
  }
}
