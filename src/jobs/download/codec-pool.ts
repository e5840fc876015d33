import { getCompileCacheDir } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { type Log, silentLog } from '../../ports/log.ts'
import type { Body } from '../../ports/sheet-source.ts'
import { SpareBuffers } from '../../sheets/buffer-pool.ts'
import { runCodec } from './block-codec.ts'
import type { CodecTask, ResultOf } from './block-task.ts'
import { GROWTH } from './encode-piece.ts'

export interface CodecPoolOptions {
  /** Worker threads at most; 0 does the work on the calling thread. Default: the cores but one, at most 4. */
  readonly threads?: number
  readonly log?: Log
}

/** Milliseconds after which a thread without work ends, so that a service at rest is small. */
const IDLE_MS = 5000

/** Worker threads that parse and write blocks, shared by all syncs of the process. They start with the first task. */
export class CodecPool {
  readonly #threads: number
  readonly #log: Log
  #pool: Piscina | undefined
  /** Buffers for answers and rows, shared by all syncs. */
  readonly spare = new SpareBuffers()

  constructor({ threads, log = silentLog }: CodecPoolOptions = {}) {
    this.#threads = threads ?? Math.max(1, Math.min(4, availableParallelism() - 1))
    this.#log = log
  }

  /** Runs one task. The buffers of the task are gone afterwards, unless the result hands them back. */
  async run<Task extends CodecTask>(task: Task): Promise<ResultOf<Task>> {
    const result = await this.#run(task)
    if (result.kind === 'masked' || result.kind === 'encoded') this.spare.give(result.body.buffer)
    if (result.kind === 'encoded') for (const buffer of result.spare) this.spare.give(buffer)
    return result
  }

  /** Buffers to write the rows of a body into, one for each format. */
  spareFor(body: Body, formats: readonly unknown[]): ArrayBuffer[] {
    return formats.map(() => this.spare.take(Math.ceil(body.byteLength * GROWTH)))
  }

  async #run<Task extends CodecTask>(task: Task): Promise<ResultOf<Task>> {
    if (this.#threads === 0) return runCodec(task)
    this.#pool ??= this.#open()
    return (await this.#pool.run(task, { transferList: buffersIn(task) })) as ResultOf<Task>
  }

  #open(): Piscina {
    const pool = new Piscina({
      filename: fileURLToPath(new URL('codec-worker.ts', import.meta.url)),
      minThreads: 0,
      maxThreads: this.#threads,
      idleTimeout: IDLE_MS,
      // Halves the memory and the start of a thread, which else would load the compiler that strips the types (Node,
      // "Module compile cache"). It needs nothing else of the environment.
      env: { NODE_COMPILE_CACHE: getCompileCacheDir() ?? join(tmpdir(), 'node-compile-cache') },
      // What the main thread was started with, such as a loader, is none of a thread's business.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 6 },
    })
    // A thread that ends without a task has nobody else to tell; those who wait are told by its end.
    pool.on('error', (error: unknown) => {
      this.#log.error({ err: error }, 'a thread that parses answers has failed; others take its place')
      if (this.#pool === pool) this.#pool = undefined
      pool.destroy().catch((reason: unknown) => this.#log.error({ err: reason }, 'threads could not be ended'))
    })
    return pool
  }

  /** Ends the threads, what they do included. Idempotent. */
  async close(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    this.spare.clear()
    await pool?.destroy()
  }
}

function buffersIn(task: CodecTask): ArrayBuffer[] {
  const masks = task.kind === 'encode' ? task.parts.flatMap(({ dates }) => (dates ? [dates.isText.buffer] : [])) : []
  return [task.body.buffer, ...masks, ...(task.kind === 'encode' ? task.spare : [])]
}
