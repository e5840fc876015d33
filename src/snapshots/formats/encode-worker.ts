import { workerTask } from '../../concurrency/worker-task.ts'
import { encodeRows as encode } from './encode-rows.ts'

/** What encodes rows in a worker thread. */
export const encodeRows = workerTask(encode, ({ cells, content }) => {
  return [cells.buffer, ...content.map(({ buffer }) => buffer)]
})
