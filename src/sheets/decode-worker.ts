import { workerTask } from '../concurrency/worker-task.ts'
import { applyDates as apply } from './dates.ts'
import { type Decoded, decodeRows as decode, decodeShownCodes as decodeCodes } from './decode.ts'

/** What decodes answers in a worker thread; each has the name of the function that it runs. */
export const decodeRows = workerTask(decode, (result) => buffersOf(result, ({ cells }) => cells.buffer))
export const decodeShownCodes = workerTask(decodeCodes, (result) => buffersOf(result, ({ buffer }) => buffer))
export const applyDates = workerTask(apply, ({ cells, free }) => [cells.buffer, ...free])

function buffersOf<T>(result: Decoded<T>, bufferOf: (part: T) => ArrayBuffer): ArrayBuffer[] {
  return 'parts' in result ? [...result.parts.map(bufferOf), ...result.free] : []
}
