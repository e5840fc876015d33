import { getCompileCacheDir } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { type Log, silentLog } from '../ports/log.ts'
import { BufferPool } from './buffer-pool.ts'

export interface WorkerPoolOptions {
  /** Worker threads at most; 0 does the work on the calling thread. Default: the cores but one, at most 4. */
  readonly threads?: number | undefined
  readonly log?: Log
}

/** Work that may be done on any thread. */
export interface WorkerTask<Task, Result> {
  /** The work on the calling thread. */
  readonly run: (task: Task) => Result
  /** The file that exports the same work for a worker thread, made by `workerTask`, under the name of {@link run}. */
  readonly file: URL
}

/** Milliseconds after which a thread without work ends, so that a service at rest is small. */
const IDLE_MS = 5000

/** Worker threads that decode and encode, shared by all syncs of the process. They start with the first task. */
export class WorkerPool {
  readonly #threads: number
  readonly #log: Log
  #pool: Piscina | undefined
  /** Buffers that tasks read from and write into, shared by all syncs. */
  readonly buffers = new BufferPool()

  constructor({ threads, log = silentLog }: WorkerPoolOptions = {}) {
    this.#threads = threads ?? Math.max(1, Math.min(4, availableParallelism() - 1))
    this.#log = log
  }

  /** Runs one task. The buffers in `transfer` belong to the task afterwards, unless its result hands them back. */
  async run<Task, Result>(
    { run, file }: WorkerTask<Task, Result>,
    task: Task,
    transfer: readonly ArrayBuffer[],
  ): Promise<Result> {
    if (this.#threads === 0) return run(task)
    this.#pool ??= this.#open()
    const options = { filename: fileURLToPath(file), name: run.name, transferList: [...transfer] }
    return (await this.#pool.run(task, options)) as Result
  }

  /** Ends the threads, what they do included. Idempotent. */
  async close(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    this.buffers.clear()
    await pool?.destroy()
  }

  #open(): Piscina {
    const pool = new Piscina({
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
    // A thread that ends without a task rejects nobody's promise; those who wait for a task get its rejection.
    pool.on('error', (error: unknown) => {
      this.#log.error({ err: error }, 'a worker thread has failed; others take its place')
      if (this.#pool === pool) this.#pool = undefined
      pool.destroy().catch((reason: unknown) => this.#log.error({ err: reason }, 'worker threads could not be ended'))
    })
    return pool
  }
}
