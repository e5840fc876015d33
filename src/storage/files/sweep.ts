import { join } from 'node:path'
import pMap from 'p-map'
import type { KeyedMutex } from '../../concurrency/keyed-mutex.ts'
import { errnoOf } from '../../disk/disk-errors.ts'
import { AppError } from '../../errors.ts'
import { type FinishedSync, isRemembered, isTerminal } from '../../model/sync.ts'
import { isSyncId } from '../../model/sync-id.ts'
import { isNewerRecord } from '../../model/sync-record.ts'
import type { CleanupOptions, CleanupReport } from '../../ports/sync-storage.ts'
import { ORPHAN_AGE_MS } from './claims.ts'
import { yieldEvery } from './event-loop-yield.ts'
import type { FileHistory, StatusAccess } from './file-history.ts'
import { parseClaimName, parseLeaseName, parseTempName } from './file-names.ts'
import type { RecordCache } from './record-cache.ts'
import type { RecordWriter } from './record-writer.ts'
import type { StatusFolder } from './status-folder.ts'
import type { SyncIndex } from './sync-index.ts'
import type { TempFiles } from './temp-files.ts'

/** Records that are moved to the history in one turn. */
const MOVED_AT_A_TIME = 100

/** Records that are removed side by side. */
const REMOVALS_AT_A_TIME = 8

interface SweepOptions {
  readonly folder: StatusFolder
  readonly records: RecordCache
  readonly writer: RecordWriter
  readonly index: SyncIndex
  readonly temps: TempFiles
  /** Where writers of one sync in this process wait for each other. */
  readonly writers: KeyedMutex
  /** Where expired records are moved, if they are. */
  readonly history?: FileHistory | undefined
}

/**
 * Removes expired records, or moves them to the history, quarantines unreadable ones, and removes the claims, temporary files and leases that dead
 * processes left. A file of a writer that may be alive is left alone until this process has seen it for ORPHAN_AGE_MS, on
 * the monotonic clock: neither a wall clock nor a time of modification proves anything.
 */
export class StatusSweep {
  readonly #options: SweepOptions
  /** Path of a file that may be orphaned to when it was first seen. */
  readonly #seen = new Map<string, number>()

  constructor(options: SweepOptions) {
    this.#options = options
  }

  /** One file that resists does not keep the others; rejects only when the folders themselves cannot be read. */
  async run(now: Date, options: CleanupOptions = {}): Promise<CleanupReport> {
    const { index, folder, writers, history } = this.#options
    const { signal } = options
    await index.rescan(signal)
    const sweepAll = async (ids: readonly string[], sweep: (id: string) => Promise<boolean>) => {
      const sweepOne = (id: string) =>
        signal?.aborted ? false : writers.run(id, () => this.#attempt(id, () => sweep(id)))
      const done = await pMap(ids, sweepOne, { concurrency: REMOVALS_AT_A_TIME })
      return ids.filter((_, at) => done[at])
    }
    const expired = await index.expired(now)
    const removed =
      history === undefined
        ? await sweepAll(expired, (id) => this.#removeIfExpired(id, now, options))
        : await this.#moveExpired(history, expired, now, options)
    const quarantined = await sweepAll([...index.unreadable], (id) => this.#quarantineIfUnreadable(id))
    const present = new Set<string>()
    const sweepFolder = (path: string, isUseless: (name: string, path: string) => Promise<boolean>) =>
      this.#sweepFolder(path, present, isUseless, signal)
    // Claims first: what a dead writer had claimed and not published is still to be published.
    const leftovers =
      (await sweepFolder(folder.claims, (name, path) => this.#sweepClaim(name, path))) +
      (await sweepFolder(folder.temps, async (name, path) => this.#isOrphaned(name, path))) +
      (await sweepFolder(folder.leases, (name, path) => this.#isLeaseOver(name, path))) +
      // By the time that they are old, no lease is left that they could end.
      (await sweepFolder(
        folder.sockets,
        async (name, path) => (await folder.processSockets?.isOver(name)) === true && this.#isOld(path),
      ))
    for (const path of this.#seen.keys()) if (!present.has(path)) this.#seen.delete(path)
    return { removed, quarantined: quarantined.map((id) => `${id}.json`), leftovers }
  }

  async #removeIfExpired(id: string, now: Date, { rememberEnd }: CleanupOptions): Promise<boolean> {
    const { writer, index } = this.#options
    const sync = await this.#findExpired(id, now)
    if (sync === undefined) return false
    if (isRemembered(sync)) await rememberEnd?.(sync)
    // Not made durable: what a power cut brings back, the next sweep removes.
    if (!(await writer.remove(id, sync.revision))) return false
    index.delete(id)
    return true
  }

  /** Resolves to what has left the status. A failure of the history is logged, and leaves the rest for the next sweep. */
  async #moveExpired(
    history: FileHistory,
    expired: readonly string[],
    now: Date,
    { signal, rememberEnd }: CleanupOptions,
  ): Promise<string[]> {
    const { writers, folder } = this.#options
    const moved: string[] = []
    for (let at = 0; at < expired.length && !signal?.aborted; at += MOVED_AT_A_TIME) {
      const ready: string[] = []
      for (const id of expired.slice(at, at + MOVED_AT_A_TIME)) {
        if (signal?.aborted) break
        const isReady = await this.#attempt(id, async () => {
          const sync = await this.#findExpired(id, now)
          if (sync !== undefined && isRemembered(sync)) await rememberEnd?.(sync)
          return sync !== undefined
        })
        if (isReady) ready.push(id)
      }
      try {
        const access: StatusAccess = {
          read: async (id) => {
            let found: FinishedSync | undefined
            await this.#attempt(id, async () => {
              found = await this.#findExpired(id, now)
              return true
            })
            return found
          },
          remove: (sync) => writers.run(sync.id, () => this.#removeMoved(sync)),
        }
        if (ready.length > 0) moved.push(...(await history.move(ready, now, access)))
      } catch (error) {
        if (errnoOf(error) === undefined && !(error instanceof AppError)) throw error
        folder.log.error(
          { err: error },
          'expired syncs could not be moved to the history; they stay until the next sweep',
        )
        break
      }
    }
    return moved
  }

  #removeMoved({ id, revision }: FinishedSync): Promise<boolean> {
    const { writer, index } = this.#options
    return this.#attempt(id, async () => {
      if (!(await writer.remove(id, revision))) return false
      index.delete(id)
      return true
    })
  }

  /** Read anew. */
  async #findExpired(id: string, now: Date): Promise<FinishedSync | undefined> {
    const { records, index } = this.#options
    records.forget(id)
    const sync = (await index.find(id))?.sync
    return sync !== undefined && isTerminal(sync) && Date.parse(sync.expiresAt) <= now.getTime() ? sync : undefined
  }

  /** Moves the file out of the way of everything that reads records; its bytes stay for the operator. */
  async #quarantineIfUnreadable(id: string): Promise<boolean> {
    const { folder, records, index } = this.#options
    records.forget(id)
    await index.find(id)
    if (!index.unreadable.has(id)) return false
    try {
      await folder.fs.rename(folder.record(id), folder.quarantined(id))
      return true
    } catch (error) {
      // It was quarantined before, here or by another sweeper.
      if (errnoOf(error) !== 'ENOENT') throw error
      return false
    } finally {
      index.delete(id)
    }
  }

  /** Removes the files that the check says are of no use any more; resolves to how many. */
  async #sweepFolder(
    path: string,
    present: Set<string>,
    isUseless: (name: string, path: string) => Promise<boolean>,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const { folder } = this.#options
    const yielding = yieldEvery()
    let removed = 0
    for await (const names of folder.fs.list(path)) {
      for (const name of names) {
        if (signal?.aborted) return removed
        const file = join(path, name)
        present.add(file)
        if (await this.#attempt(name, async () => (await isUseless(name, file)) && folder.remove(file))) removed++
        await yielding()
      }
    }
    return removed
  }

  async #sweepClaim(name: string, path: string): Promise<boolean> {
    const claim = parseClaimName(name)
    if (claim === undefined || !isSyncId(claim.id)) return this.#isOld(path)
    return this.#options.writer.settleClaim(claim, (tempName) => this.#isOrphaned(tempName, path))
  }

  async #isLeaseOver(name: string, path: string): Promise<boolean> {
    const lease = parseLeaseName(name)
    if (lease === undefined) return this.#isOld(path)
    const sync = await this.#options.records.findReadable(lease.id)
    return sync === undefined || isTerminal(sync) || lease.epoch < sync.lease.epoch
  }

  /** Whether the writer of a temporary file has ended; where that is unknown, whether this path is old. */
  #isOrphaned(tempName: string, path: string): boolean {
    const { temps, folder } = this.#options
    const ownership = temps.ownershipOf(tempName)
    if (ownership !== 'foreign') return ownership === 'ended'
    const writer = parseTempName(tempName)?.writer
    return (writer !== undefined && folder.processes.isGone(writer)) || this.#isOld(path)
  }

  #isOld(path: string): boolean {
    const now = this.#options.folder.clock.monotonic()
    const since = this.#seen.get(path)
    if (since === undefined) this.#seen.set(path, now)
    return since !== undefined && now - since >= ORPHAN_AGE_MS
  }

  /** Runs the task; logs its failure, and then resolves to false. */
  async #attempt(name: string, task: () => Promise<boolean>): Promise<boolean> {
    try {
      return await task()
    } catch (error) {
      if (errnoOf(error) === undefined && !(error instanceof AppError)) throw error
      // A newer release's records are its own to sweep.
      if (isNewerRecord(error)) return false
      this.#options.folder.log.warn({ err: error, name }, 'a file could not be swept; the next sweep tries again')
      return false
    }
  }
}
