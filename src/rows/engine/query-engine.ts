import { setMaxListeners } from 'node:events'
import { rm } from 'node:fs/promises'
import { FairSemaphore, type Permit } from '../../concurrency/fair-semaphore.ts'
import { AppError } from '../../errors.ts'
import { EngineProcess } from './engine-process.ts'
import type {
  Answer,
  ChangesAnswer,
  ChangesTask,
  EngineTask,
  ImportTask,
  ParquetTask,
  Question,
  TableColumn,
} from './protocol.ts'

export interface QueryEngineOptions {
  /** Processes at most, each with one task at a time; QUERY_PROCESSES. */
  readonly processes: number
  /** Milliseconds that a question may take; QUERY_TIME_LIMIT. */
  readonly timeLimitMs: number
  /** Bytes that a question may use; QUERY_MEMORY. */
  readonly memoryBytes: number
  /** Whether tasks wait for a process as long as it takes; default: some seconds, and not too many of them. */
  readonly waits?: 'as-long-as-it-takes'
}

/** Whose task it is, and what ends it early. */
export interface Asking {
  readonly owner: string
  readonly signal: AbortSignal
}

/** Tasks that may wait for a process, of all owners together. */
const MOST_WAITING = 256
/** Milliseconds that a task waits for a process. */
const WAIT_LIMIT_MS = 20_000
/** Milliseconds that whole tabs may take to be imported: ten million cells take less than one. */
const IMPORT_LIMIT_MS = 300_000
/** Milliseconds after which a process without a task ends, so that a service at rest is small. */
const IDLE_MS = 60_000

/**
 * Questions about rows, answered by DuckDB in processes of its own: a crash or a runaway costs one answer, and nothing of
 * the service. They start with the first task, and are shared by owner.
 */
export class QueryEngine {
  readonly #options: QueryEngineOptions
  readonly #permits: FairSemaphore
  readonly #processes = new Set<EngineProcess>()
  readonly #closing = new AbortController()
  #waiting = 0
  #idle: NodeJS.Timeout | undefined
  /** Why there is no DuckDB here, once that is known. */
  #missing: AppError | undefined

  constructor(options: QueryEngineOptions) {
    this.#options = options
    this.#permits = new FairSemaphore({ permits: options.processes })
    setMaxListeners(0, this.#closing.signal)
  }

  /** Answers a question about imported tables. Rejects with a QUERY_… error, or with the signal's reason. */
  async ask(question: Question, asking: Asking): Promise<Answer> {
    const { timeLimitMs } = this.#options
    return (await this.#run({ kind: 'question', task: question, timeLimitMs }, asking)) as Answer
  }

  /** Compares two imported tables. Rejects with a QUERY_… error, or with the signal's reason. */
  async changes(task: ChangesTask, asking: Asking): Promise<ChangesAnswer> {
    const { timeLimitMs } = this.#options
    return (await this.#run({ kind: 'changes', task, timeLimitMs }, asking)) as ChangesAnswer
  }

  /** The names of the tables that a statement reads. Rejects with QUERY_INVALID when it cannot be parsed. */
  async tablesIn(sql: string, asking: Asking): Promise<readonly string[]> {
    const { timeLimitMs } = this.#options
    return (await this.#run({ kind: 'tables', task: { sql }, timeLimitMs }, asking)) as readonly string[]
  }

  /** Makes a table of rows; resolves to its columns with the types that they have come to. */
  async importTable(task: ImportTask, asking: Asking): Promise<readonly TableColumn[]> {
    const run = { kind: 'import', task, timeLimitMs: IMPORT_LIMIT_MS } as const
    return ((await this.#run(run, asking)) as { columns: readonly TableColumn[] }).columns
  }

  /** Makes a Parquet file of a table. */
  async exportParquet(task: ParquetTask, asking: Asking): Promise<void> {
    await this.#run({ kind: 'parquet', task, timeLimitMs: IMPORT_LIMIT_MS }, asking)
  }

  /** Kills every process, with what it does. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort(new AppError('SHUTTING_DOWN', 'The service stops and answers no more questions.'))
    clearTimeout(this.#idle)
    await Promise.all(Array.from(this.#processes, (process) => process.close()))
  }

  /** Of the processes that run now. */
  get pids(): readonly number[] {
    return Array.from(this.#processes, ({ pid }) => pid ?? []).flat()
  }

  async #run(task: EngineTask, { owner, signal }: Asking): Promise<unknown> {
    if (this.#missing !== undefined) throw this.#missing
    this.#closing.signal.throwIfAborted()
    const permit = await this.#permit(owner, signal)
    if (this.#closing.signal.aborted) permit.release()
    this.#closing.signal.throwIfAborted()
    try {
      return await this.#runOn(this.#processFor(task), task, signal)
    } catch (error) {
      this.#closing.signal.throwIfAborted()
      if (error instanceof AppError && error.code === 'QUERY_ENGINE_MISSING') this.#missing = error
      throw error
    } finally {
      permit.release()
      this.#forgetEnded()
      this.#endIdleLater()
    }
  }

  /** Memory that earlier tasks have left in a process is not a question's fault: then it is put once more, to a new one. */
  async #runOn(process: EngineProcess, task: EngineTask, signal: AbortSignal): Promise<unknown> {
    const { isGrown } = process
    try {
      return await process.run(task, signal)
    } catch (error) {
      const isQuestion = task.kind === 'question' || task.kind === 'changes'
      if (!isQuestion || !isGrown || !process.isOutOfMemory || signal.aborted || this.#closing.signal.aborted)
        throw error
    }
    await process.close()
    if ('answerFile' in task.task) await rm(task.task.answerFile, { force: true })
    return this.#newProcess().run(task, signal)
  }

  async #permit(owner: string, signal: AbortSignal): Promise<Permit> {
    if (!this.#permits.isFull) return this.#permits.acquire(owner, { signal })
    const either = AbortSignal.any([signal, this.#closing.signal])
    if (this.#options.waits !== undefined) return this.#permits.acquire(owner, { signal: either })
    if (this.#waiting >= MOST_WAITING) throw busy()
    const limit = AbortSignal.timeout(WAIT_LIMIT_MS)
    this.#waiting += 1
    try {
      return await this.#permits.acquire(owner, { signal: AbortSignal.any([either, limit]) })
    } catch (error) {
      throw limit.aborted && !either.aborted ? busy() : error
    } finally {
      this.#waiting -= 1
    }
  }

  /** A free process: one that has the tables open already, else any, else a new one. */
  #processFor({ kind, task }: EngineTask): EngineProcess {
    const tables = kind === 'question' ? JSON.stringify(task.tables) : undefined
    this.#forgetEnded()
    const free = [...this.#processes].filter(({ isIdle }) => isIdle)
    const process = free.find(({ lastTables }) => lastTables === tables) ?? free[0] ?? this.#newProcess()
    if (tables !== undefined) process.lastTables = tables
    return process
  }

  #newProcess(): EngineProcess {
    const process = new EngineProcess(this.#options.memoryBytes)
    this.#processes.add(process)
    return process
  }

  #forgetEnded(): void {
    for (const process of this.#processes) if (!process.isAlive) this.#processes.delete(process)
  }

  #endIdleLater(): void {
    clearTimeout(this.#idle)
    if (this.#closing.signal.aborted) return
    this.#idle = setTimeout(() => {
      for (const process of this.#processes) {
        if (!process.isIdle) continue
        this.#processes.delete(process)
        void process.close()
      }
    }, IDLE_MS)
  }
}

function busy(): AppError {
  return new AppError('QUERY_ENGINE_BUSY', 'More questions are waiting than can be answered soon.', {
    retryAfterSeconds: 2,
  })
}
