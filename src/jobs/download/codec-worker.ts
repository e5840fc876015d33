import { constants, setPriority } from 'node:os'
import { move, transferableSymbol, valueSymbol } from 'piscina'
import { runCodec } from './block-codec.ts'
import { buffersOf, type CodecTask } from './block-task.ts'

// On Linux a priority belongs to a thread (sched(7)), so polls are answered first where cores are few. Elsewhere it
// would be the whole process that steps back.
if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL)

/** What piscina calls for each task; the buffers of the result change hands. */
export default function work(task: CodecTask): unknown {
  const result = runCodec(task)
  return move({ [transferableSymbol]: buffersOf(result), [valueSymbol]: result })
}
