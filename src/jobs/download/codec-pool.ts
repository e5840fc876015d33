import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { runCodec } from './block-codec.ts'
import type { CodecTask, ResultOf } from './block-task.ts'

export interface CodecPoolOptions {
  /** Worker threads at most; 0 does the work on the calling thread. Default: the cores but one, at most 4. */
  readonly threads?: number
}

/** Milliseconds after which a thread without work ends, so that a service at rest is small. */
const IDLE_MS = 5000

/** Worker threads that parse and write blocks, shared by all syncs of the process. They start with the first task. */
export class CodecPool {
  readonly #threads: number
  #pool: Piscina | undefined

  constructor({ threads = Math.max(1, Math.min(4, availableParallelism() - 1)) }: CodecPoolOptions = {}) {
    this.#threads = threads
  }

  /** Runs one task. The buffers of the task are gone afterwards, unless the result hands them back. */
  async run<Task extends CodecTask>(task: Task): Promise<ResultOf<Task>> {
    if (this.#threads === 0) return runCodec(task)
    this.#pool ??= new Piscina({
      filename: fileURLToPath(new URL('codec-worker.ts', import.meta.url)),
      minThreads: 0,
      maxThreads: this.#threads,
      idleTimeout: IDLE_MS,
    })
    return (await this.#pool.run(task, { transferList: buffersIn(task) })) as ResultOf<Task>
  }

  /** Ends the threads, what they do included. Idempotent. */
  async close(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await pool?.destroy()
  }
}

function buffersIn(task: CodecTask): ArrayBuffer[] {
  const masks = task.kind === 'encode' ? task.parts.flatMap(({ dates }) => (dates ? [dates.isText.buffer] : [])) : []
  return [task.body, ...masks]
}
