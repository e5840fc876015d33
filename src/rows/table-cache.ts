import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { LRUCache } from 'lru-cache'
import { abortable } from '../concurrency/abortable.ts'
import { ignoreErrno, toDiskError } from '../disk/disk-errors.ts'
import { AppError } from '../errors.ts'
import type { Log } from '../ports/log.ts'
import type { ImportTask, TableColumn } from './engine/protocol.ts'
import type { Asking, QueryEngine } from './engine/query-engine.ts'

export interface TableCacheOptions {
  /** On this machine; several processes may share it. */
  readonly folder: string
  /** What its tables may have together; QUERY_CACHE_BYTES. */
  readonly maxBytes: number
  readonly engine: QueryEngine
  readonly log: Log
}

/** Rows that can be made a table of. */
export interface TableSource {
  /** Hex; of the bytes that `open` reads. Equal bytes make one table. */
  readonly sha256: string
  readonly format: ImportTask['format']
  /** Whether rows are lists, and not objects. */
  readonly areLists: boolean
  readonly columns: readonly TableColumn[]
  /** `undefined` when they are no longer there. */
  readonly open: () => Promise<Readable | undefined>
}

/** Goes into the name of each table, so that what an earlier release made otherwise is not used. */
const LAYOUT = 3
const TABLE = '.duckdb'
/** What is being made; nobody else's after an hour. */
const TEMPORARY = '.tmp'
/** Milliseconds for which a table that was used is taken to be there; where it is not, whoever opens it says so. */
const USED_MS = 5_000
const ABANDONED_MS = 3_600_000

/**
 * Tables of published rows, made at the first question and kept for the next ones until others need the place. A table is
 * known by the content that it was made of, so that it never has to be refreshed. It may be removed at any time.
 */
export class TableCache {
  readonly #options: TableCacheOptions
  readonly #underWay = new Map<string, Promise<string>>()
  /** When a file was last marked as used. */
  readonly #used = new LRUCache<string, true>({ max: 1000, ttl: USED_MS })
  readonly #closing = new AbortController()
  /** Settled once there is a folder. */
  #folder: Promise<unknown> | undefined

  constructor(options: TableCacheOptions) {
    this.#options = options
  }

  /**
   * Resolves to the database file of a table. Rejects with FILE_NOT_FOUND when the rows are gone, with a QUERY_… or a
   * STORAGE_… error, or with the signal's reason, while the table goes on being made for others.
   */
  async tableOf(source: TableSource, asking: Asking): Promise<string> {
    asking.signal.throwIfAborted()
    const name = nameOf(source)
    const file = join(this.#options.folder, name)
    if (this.#used.has(file)) return file
    if (await isUsed(file)) {
      this.#used.set(file, true)
      return file
    }
    let making = this.#underWay.get(name)
    if (making === undefined) {
      making = this.#make(source, file, asking.owner).finally(() => this.#underWay.delete(name))
      // Whoever waits hears of it.
      making.catch(() => {})
      this.#underWay.set(name, making)
    }
    return abortable(making, asking.signal)
  }

  /** A path on the disk of the cache, for a file that its caller removes. */
  async temporary(): Promise<string> {
    await this.#makeFolder()
    return join(this.#options.folder, `${randomUUID()}${TEMPORARY}`)
  }

  async #makeFolder(): Promise<void> {
    this.#folder ??= mkdir(this.#options.folder, { recursive: true, mode: 0o700 })
    try {
      await this.#folder
    } catch (error) {
      this.#folder = undefined
      throw error
    }
  }

  /** Removes files of the cache, those that are no good or no longer wanted; what cannot be removed stays. */
  async discard(files: readonly string[]): Promise<void> {
    for (const file of files) this.#used.delete(file)
    this.#folder = undefined
    await Promise.allSettled(files.map((file) => rm(file, { force: true })))
  }

  /** Makes a database file of rows that are not in any yet. */
  async importRows(rows: AsyncIterable<Uint8Array>, task: Omit<ImportTask, 'source'>, asking: Asking): Promise<void> {
    const source = await this.temporary()
    try {
      await pipeline(rows, createWriteStream(source, { flags: 'wx', mode: 0o600 }), { signal: asking.signal })
      await this.#options.engine.importTable({ ...task, source }, asking)
    } finally {
      // A process that was killed leaves them.
      const left = [source, `${task.target}.wal`, `${task.target}.parts`]
      await Promise.all(left.map((path) => rm(path, { force: true, recursive: true })))
    }
  }

  /** Ends what is being made. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort(new AppError('SHUTTING_DOWN', 'The service stops and answers no more questions.'))
    await Promise.allSettled(this.#underWay.values())
  }

  async #make({ open, format, areLists, columns }: TableSource, file: string, owner: string): Promise<string> {
    const { signal } = this.#closing
    // Somebody may have removed all of it.
    this.#folder = undefined
    const target = await this.temporary()
    try {
      const content = await open()
      if (content === undefined) throw new AppError('FILE_NOT_FOUND', 'The rows were removed just now.')
      await this.importRows(content, { format, areLists, columns, target }, { owner, signal })
      await rename(target, file)
      await this.#evict(this.#options.folder, file)
      return file
    } catch (error) {
      throw error instanceof AppError || signal.aborted ? error : toDiskError(error, 'The table cannot be made')
    } finally {
      await rm(target, { force: true })
    }
  }

  /** Removes the tables that were least recently used, all but the new one, and what was left behind. */
  async #evict(folder: string, made: string): Promise<void> {
    const { maxBytes, log } = this.#options
    const found = await Promise.all(
      (await readdir(folder)).map(async (name) => {
        const path = join(folder, name)
        const status = await ignoreErrno(stat(path), 'ENOENT')
        return status === undefined ? [] : [{ path, bytes: status.size, usedMs: status.mtimeMs }]
      }),
    )
    const files = found.flat().sort((a, b) => b.usedMs - a.usedMs)
    const tables = files.filter(({ path }) => path.endsWith(TABLE) && path !== made)
    let left = maxBytes - (files.find(({ path }) => path === made)?.bytes ?? 0)
    const evicted = tables.filter(({ bytes }) => {
      left -= bytes
      return left < 0
    })
    const abandoned = files.filter(({ path, usedMs }) => path.includes(TEMPORARY) && Date.now() - usedMs > ABANDONED_MS)
    for (const { path } of [...evicted, ...abandoned]) {
      // One that is open elsewhere stays until the next time, where that keeps a file.
      await rm(path, { force: true, recursive: true }).catch((error: unknown) =>
        log.debug({ err: error, path }, 'a table in the cache could not be removed'),
      )
    }
  }
}

function nameOf({ sha256, format, areLists, columns }: TableSource): string {
  const content = JSON.stringify([LAYOUT, sha256, format, areLists, columns])
  return `${createHash('sha256').update(content).digest('hex')}${TABLE}`
}

/** Whether there is such a table; the least recently used is evicted first, so it is marked as used now. */
async function isUsed(file: string): Promise<boolean> {
  const now = new Date()
  try {
    return (
      (await ignoreErrno(
        utimes(file, now, now).then(() => true),
        'ENOENT',
      )) ?? false
    )
  } catch (error) {
    throw toDiskError(error, 'The cache of tables cannot be used')
  }
}
