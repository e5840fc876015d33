import { getCompileCacheDir } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { isOutOfDescriptors } from '../disk/descriptors.ts'
import { toDiskError } from '../disk/disk-errors.ts'
import { isWindows } from '../disk/platform.ts'
import { type Log, silentLog } from '../ports/log.ts'

export interface WorkerPoolOptions {
  /** Worker threads at most; 0 does the work on the calling thread. Default: the cores but one, at most 4. */
  readonly threads?: number | undefined
  readonly log?: Log
}

/** A function that a module exports, and what it is called with. */
export interface WorkerTask {
  readonly module: string
  readonly name: string
  readonly task: unknown
}

/** What a call came to. What a function throws is an outcome too, so that any rejection means that the thread has died. */
export type Outcome = { readonly result: object } | { readonly thrown: unknown }

/** Milliseconds after which a thread without work ends, so that a service at rest is small. */
const IDLE_MS = 5000

/** Worker threads that decode and encode, shared by all syncs of the process. They start with the first task. */
export class WorkerPool {
  readonly #threads: number
  readonly #log: Log
  #pool: Piscina | undefined
  /** What a thread of a pool has died of: of a thread that could not start, piscina tells those who wait for it nothing. */
  readonly #deaths = new WeakMap<Piscina, unknown>()

  constructor({ threads, log = silentLog }: WorkerPoolOptions = {}) {
    this.#threads = threads ?? Math.max(1, Math.min(4, availableParallelism() - 1))
    this.#log = log
  }

  /**
   * Calls on some thread the function that a module exports under its own name. The buffers in the task belong to that
   * function afterwards, those in the result to the caller. Rejects with what the function throws, or because a thread has
   * died: then also the tasks of others that were under way, as piscina may never settle them. With `STORAGE_BUSY` while
   * no descriptor is left to start a thread or to load a module.
   */
  async run<Task, Result extends object>(module: string, work: (task: Task) => Result, task: Task): Promise<Result> {
    if (this.#threads === 0) return work(task)
    this.#pool ??= this.#open()
    const pool = this.#pool
    const call: WorkerTask = { module, name: work.name, task }
    let outcome: Outcome
    try {
      outcome = await pool.run(call, { transferList: buffersIn(task) })
    } catch (error) {
      this.#abandon(pool, error)
      throw asBusy(this.#deaths.get(pool))
    }
    if ('thrown' in outcome) throw asBusy(outcome.thrown)
    return outcome.result as Result
  }

  /** Ends the threads, what they do included. Idempotent. */
  async close(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await pool?.destroy()
  }

  #open(): Piscina {
    // On Windows the temporary folder is its user's own; elsewhere others could put there what this process executes.
    const cache = getCompileCacheDir() ?? (isWindows ? join(tmpdir(), 'node-compile-cache') : undefined)
    const pool = new Piscina({
      filename: fileURLToPath(new URL('worker.ts', import.meta.url)),
      minThreads: 0,
      maxThreads: this.#threads,
      idleTimeout: IDLE_MS,
      // Halves the memory and the start of a thread, which else would load the compiler that strips the types (Node,
      // "Module compile cache"). It needs nothing else of the environment.
      env: cache === undefined ? {} : { NODE_COMPILE_CACHE: cache },
      // What the main thread was started with, such as a loader, is none of a thread's business.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 6 },
    })
    // A thread that ends without a task rejects nobody's promise.
    pool.on('error', (error: unknown) => this.#abandon(pool, error))
    return pool
  }

  /** Ends a pool of which a thread has died, once; the next task opens another one. */
  #abandon(pool: Piscina, error: unknown): void {
    if (!this.#deaths.has(pool)) this.#deaths.set(pool, error)
    if (this.#pool !== pool) return
    this.#pool = undefined
    this.#log.error({ err: error }, 'a worker thread has died; others take its place')
    pool.destroy().catch((reason: unknown) => this.#log.error({ err: reason }, 'worker threads could not be ended'))
  }
}

function asBusy(error: unknown): unknown {
  return isOutOfDescriptors(error) ? toDiskError(error, 'No worker thread can be used') : error
}

/** The buffers of all views in a value, however deep they lie, each once. */
export function buffersIn(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return value.buffer instanceof ArrayBuffer ? [value.buffer] : []
  if (typeof value !== 'object' || value === null) return []
  return [...new Set(Object.values(value).flatMap(buffersIn))]
}
