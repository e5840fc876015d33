import { type ChildProcess, spawn } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { fileURLToPath } from 'node:url'
import { AppError } from '../../errors.ts'
import { isOutOfMemory } from './duckdb-failures.ts'
import type { EngineFailure, EngineTask, FromEngine, ToEngine } from './protocol.ts'
import { queryFailure } from './query-failures.ts'

/** Milliseconds that a task may be late before its process is killed. */
const LATE_MS = 250
/** Milliseconds in which a process is to be ready: half a second as a rule, and some on a machine that is busy with other things. */
const START_LIMIT_MS = 60_000
/** Megabytes that JavaScript may use in it: one piece of an answer, as values. */
const HEAP_MB = 96
/** How V8 ends a process whose heap is full. */
const HEAP_FULL_SIGNALS: readonly (string | null)[] = ['SIGABRT', 'SIGTRAP', 'SIGILL']

const TOO_MUCH_MEMORY = 'it needed too much memory'

interface Pending {
  readonly id: number
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** A process with DuckDB in it. It has nothing of the environment, and takes one task at a time. */
export class EngineProcess {
  readonly #child: ChildProcess
  readonly #ready: Promise<void>
  #pending: Pending | undefined
  #isBusy = false
  #lastId = 0
  /** Why it was killed, if it was. */
  #limit: string | undefined
  #isAlive = true
  #isGrown = false
  #isOutOfMemory = false
  #hasEnded = false
  /** What keeps an open database warm: the tables of the last question. */
  lastTables = ''

  /** `memoryBytes`: what DuckDB may use for one question. */
  constructor(memoryBytes: number) {
    this.#child = spawn(
      process.execPath,
      [
        `--max-old-space-size=${HEAP_MB}`,
        fileURLToPath(new URL('main.ts', import.meta.url)),
        ...[getCompileCacheDir() ?? []].flat(),
      ],
      {
        // Nothing of the service's environment; the one that Node would add is named, and so it is left out.
        env: { NODE_V8_COVERAGE: undefined },
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        serialization: 'advanced',
      },
    )
    this.#ready = this.#start(memoryBytes)
    // Whoever runs the first task hears of it.
    this.#ready.catch(() => {})
  }

  /** Whether it can be given a task. */
  get isAlive(): boolean {
    return this.#isAlive
  }

  get isIdle(): boolean {
    return !this.#isBusy
  }

  /** Whether its tasks have left so much behind that the next one may lack it. */
  get isGrown(): boolean {
    return this.#isGrown
  }

  /** Whether a task ended, or the process with it, as there was not enough memory. */
  get isOutOfMemory(): boolean {
    return this.#isOutOfMemory
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /**
   * Runs a task to its end. It is interrupted after its time, or once the signal is aborted, and the process is killed when
   * it goes on all the same. Rejects with a QUERY_… error, or with the reason of the signal.
   */
  async run(task: EngineTask, signal: AbortSignal): Promise<unknown> {
    this.#isBusy = true
    try {
      await this.#ready
      return await this.#execute(task, signal)
    } finally {
      this.#isBusy = false
    }
  }

  async #execute(task: EngineTask, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted()
    if (!this.#isAlive) throw endedBefore()
    this.#lastId += 1
    const id = this.#lastId
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#pending = { id, resolve, reject }
    let late: NodeJS.Timeout | undefined
    const killSoon = (afterMs: number) => {
      late = setTimeout(() => {
        this.#kill('it took too long')
      }, afterMs)
    }
    killSoon(task.timeLimitMs + LATE_MS)
    const cancel = () => {
      this.#send({ cancel: id })
      clearTimeout(late)
      killSoon(LATE_MS)
    }
    signal.addEventListener('abort', cancel, { once: true })
    try {
      this.#send({ id, run: task })
      return await promise
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    } finally {
      clearTimeout(late)
      signal.removeEventListener('abort', cancel)
      this.#pending = undefined
    }
  }

  /** Kills the process; resolves once it has ended. Idempotent. */
  async close(): Promise<void> {
    this.#isAlive = false
    if (this.#hasEnded) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }

  #start(memoryBytes: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), START_LIMIT_MS)
    this.#child.on('message', (message: FromEngine) => {
      if ('ready' in message) {
        this.#send({ settings: { memoryBytes } })
        clearTimeout(limit)
        resolve()
      } else if ('missing' in message) {
        reject(new AppError('QUERY_ENGINE_MISSING', `DuckDB cannot be loaded on this machine: ${message.missing}`))
        this.#child.kill('SIGKILL')
      } else if ('overMemory' in message) {
        this.#isOutOfMemory = true
        this.#kill(TOO_MUCH_MEMORY)
      } else if (message.id === this.#pending?.id) {
        this.#isGrown = message.isGrown === true
        this.#isOutOfMemory ||= 'failure' in message && isOutOfMemory(message.failure.message)
        if ('failure' in message) this.#pending.reject(queryFailure(message.failure))
        else this.#pending.resolve(message.result)
        // What DuckDB itself calls broken is not asked again, not even until it has ended; nor one that was out of memory, as
        // what the system has not got back of it yet would count against the next question.
        if ('failure' in message ? isSpent(message.failure) : message.isFull === true) void this.close()
      }
    })
    const onEnd = (error: AppError) => {
      this.#isAlive = false
      this.#hasEnded = true
      clearTimeout(limit)
      reject(error)
      this.#pending?.reject(error)
    }
    this.#child.once('error', (cause) =>
      onEnd(new AppError('QUERY_ENGINE_FAILED', 'No engine process could be started.', { cause })),
    )
    this.#child.once('exit', (code, signal) => onEnd(this.#failureOfEnd(code, signal)))
    return promise
  }

  #failureOfEnd(code: number | null, signal: NodeJS.Signals | null): AppError {
    this.#isOutOfMemory ||= this.#limit === undefined && HEAP_FULL_SIGNALS.includes(signal)
    const limit = this.#limit ?? (this.#isOutOfMemory ? TOO_MUCH_MEMORY : undefined)
    if (limit !== undefined) return queryFailure({ kind: 'limit', message: limit })
    return endedBefore(signal ?? `code ${code}`)
  }

  #kill(limit: string): void {
    this.#limit ??= limit
    this.#child.kill('SIGKILL')
  }

  #send(message: ToEngine): void {
    // A process that ends meanwhile says so by its exit.
    if (this.#child.connected) this.#child.send(message, () => {})
  }
}

function isSpent(failure: EngineFailure): boolean {
  return failure.kind === 'disk' || failure.kind === 'engine' || isOutOfMemory(failure.message)
}

function endedBefore(by = 'itself'): AppError {
  return new AppError('QUERY_ENGINE_FAILED', `The engine process was ended by ${by} before it had an answer.`, {
    retryAfterSeconds: 1,
  })
}
