import type { FinishedSync, Sync } from '../../model/sync.ts'
import { toSyncRecord } from '../../model/sync-record.ts'
import type { SyncQuery } from '../../ports/sync-storage.ts'
import { FileKeyValueStore } from '../file-key-value-store.ts'
import { makeDurableFolder } from '../files/folder-flush.ts'
import type { Candidate, Mismatch } from '../shared/sync-page.ts'
import { dayOf } from './history/history-day.ts'
import { HistoryFolder } from './history/history-folder.ts'
import { HistoryLock } from './history/history-lock.ts'
import { HistoryReader, type IdRange } from './history/history-reader.ts'
import { entryOf } from './history/index-entry.ts'
import { type HistoryLine, tombstoneLine } from './history/line-format.ts'
import { sweepTemps, tidyHistory } from './history/tidy-history.ts'
import { StatusFolder, type StatusFolderOptions } from './status-folder.ts'

/** Milliseconds that a sweep waits for other sweepers, and a request for any of them. */
const SWEEP_PATIENCE_MS = 10_000
const REQUEST_PATIENCE_MS = 5000

export interface FileHistoryOptions {
  /** Milliseconds after its end for which a sync stays findable. */
  readonly ttlMs: number
  /** Bytes of all its files; beyond them the oldest days go. */
  readonly maxBytes: number
}

/** How `move` reads and removes what stands in the status. */
export interface StatusAccess {
  /** The sync, if it still is to be moved. */
  readonly read: (id: string) => Promise<FinishedSync | undefined>
  /** Removes this revision; resolves to whether it did. */
  readonly remove: (sync: FinishedSync) => Promise<boolean>
}

/**
 * Syncs whose status has expired, one line of JSON each in a file for each day, found by an index beside it.
 *
 * A sync is moved with the lock: its line and its entry are durable before its record goes. So whoever finds no record asks
 * here, and finds the line; where both are there (a kill between the two), the record counts. Whoever removes a record looks
 * for a line afterwards, once no move is under way, and writes a tombstone: a move that had read the record before cannot
 * bring it back. A move itself writes none when it finds the record gone: one that was killed may have begun its removal.
 */
export class FileHistory {
  readonly ttlMs: number
  readonly #folder: HistoryFolder
  readonly #lock: HistoryLock
  readonly #reader: HistoryReader
  /** For those who have the lock: it repairs without taking it. */
  readonly #inside: HistoryReader
  readonly #maxBytes: number

  /** `directory`: of the history, made by the first move; `sockets`: those of the processes that share it. */
  constructor(folder: StatusFolderOptions, { ttlMs, maxBytes }: FileHistoryOptions) {
    this.ttlMs = ttlMs
    this.#maxBytes = maxBytes
    this.#folder = new HistoryFolder(new StatusFolder(folder))
    const { clock, processes } = this.#folder.folder
    this.#lock = new HistoryLock(new FileKeyValueStore(folder, 'lock'), clock, processes)
    this.#reader = new HistoryReader(this.#folder, (day) =>
      this.#lock.run(REQUEST_PATIENCE_MS, () => this.#folder.repair(day)),
    )
    this.#inside = new HistoryReader(this.#folder, (day) => this.#folder.repair(day))
  }

  /** Rejects with STATUS_CORRUPT when its line is damaged. While it is unchanged the same object comes back. */
  async find(id: string): Promise<Candidate | undefined> {
    return this.#reader.find(id)
  }

  /** Whether there is a line of the sync that was not deleted. */
  async holds(id: string): Promise<boolean> {
    return (await this.#reader.locate(id)) !== undefined
  }

  /** All that may match the query in a range of ids, newest first. */
  scan(query: SyncQuery, range: IdRange): AsyncGenerator<Candidate | Mismatch> {
    return this.#reader.scan(query, range)
  }

  /** Moves syncs here, and resolves to the ids of those whose record went. When it rejects, what has no line yet keeps its record. */
  async move(ids: readonly string[], now: Date, { read, remove }: StatusAccess): Promise<string[]> {
    await makeDurableFolder(this.#folder.folder.fs, this.#folder.folder.directory)
    return this.#lock.run(SWEEP_PATIENCE_MS, async () => {
      const syncs: FinishedSync[] = []
      for (const id of ids) {
        const sync = await read(id)
        if (sync !== undefined) syncs.push(sync)
      }
      // What would leave the history at once does not enter it.
      const kept = syncs.filter(({ finishedAt }) => Date.parse(finishedAt) > now.getTime() - this.ttlMs)
      for (const [day, ofDay] of Map.groupBy(kept, ({ id }) => dayOf(id))) await this.#appendSyncs(day, ofDay)
      const moved: string[] = []
      for (const sync of syncs) if (await remove(sync)) moved.push(sync.id)
      return moved
    })
  }

  /** To be called after a record was removed by request: makes sure that no move leaves a line of it. */
  async forget(id: string): Promise<void> {
    if (!this.#folder.isThere) return
    if (!(await this.#lock.isTaken()) && !(await this.holds(id))) return
    await this.#lock.run(REQUEST_PATIENCE_MS, () => this.#bury(id))
  }

  /**
   * Does something to a sync that is here, and not in the status: nobody moves it meanwhile. Resolves to false, without
   * doing it, when the sync is not here in this revision.
   */
  async change(
    id: string,
    revision: number,
    change: (bury: () => Promise<void>) => Promise<boolean>,
  ): Promise<boolean> {
    if ((await this.find(id))?.sync.revision !== revision) return false
    return this.#lock.run(REQUEST_PATIENCE_MS, async () => {
      if ((await this.#inside.find(id))?.sync.revision !== revision) return false
      return change(() => this.#bury(id))
    })
  }

  /** Packs days that are over, and removes what has outlived the history, or is too much of it. */
  async tidy(now: Date, signal?: AbortSignal): Promise<void> {
    for (const reader of [this.#reader, this.#inside]) reader.horizon = now.getTime() - this.ttlMs
    if (!this.#folder.isThere) return
    const { horizon } = this.#reader
    const [folder, lock, maxBytes] = [this.#folder, this.#lock, this.#maxBytes]
    await tidyHistory({ folder, lock, horizon, maxBytes, now, signal })
    await sweepTemps(folder)
  }

  /** With the lock only. */
  async #appendSyncs(day: string, syncs: readonly Sync[]): Promise<void> {
    await this.#folder.recover(day, { make: true })
    const lines: HistoryLine[] = []
    for (const sync of syncs) {
      // Written before a kill.
      const located = await this.#inside.locate(sync.id)
      if (located?.entry.revision === sync.revision) continue
      lines.push({ entry: entryOf(sync), bytes: Buffer.from(JSON.stringify(toSyncRecord(sync))) })
    }
    if (lines.length > 0) await this.#folder.linesOf(day).append(lines)
  }

  /** Writes a tombstone, if there is a line. With the lock only. */
  async #bury(id: string): Promise<void> {
    const day = dayOf(id)
    await this.#folder.recover(day, { make: false })
    if ((await this.#inside.locate(id)) === undefined) return
    await this.#folder.recover(day, { make: true })
    await this.#folder.linesOf(day).append([tombstoneLine(id, this.#folder.folder.clock.now())])
  }
}
