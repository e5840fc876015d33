import pMap from 'p-map'
import type { KeyedMutex } from '../../concurrency/keyed-mutex.ts'
import { errnoOf } from '../../disk/disk-errors.ts'
import { AppError } from '../../errors.ts'
import { isTerminal } from '../../model/sync.ts'
import type { CleanupReport } from '../../ports/sync-storage.ts'
import type { OrphanedFiles } from './orphaned-files.ts'
import type { RecordCache } from './record-cache.ts'
import type { RecordWriter } from './record-writer.ts'
import type { StatusFolder } from './status-folder.ts'
import type { SyncIndex } from './sync-index.ts'

/** Records that are removed side by side. */
const REMOVALS_AT_A_TIME = 8

interface SweepOptions {
  readonly folder: StatusFolder
  readonly records: RecordCache
  readonly writer: RecordWriter
  readonly index: SyncIndex
  readonly orphans: OrphanedFiles
  /** Where writers of one sync in this process wait for each other. */
  readonly writers: KeyedMutex
}

/**
 * Removes expired records, quarantines unreadable ones, clears away orphaned files. One record that resists
 * does not keep the others; rejects only when the folders themselves cannot be read.
 */
export async function sweep(options: SweepOptions, now: Date): Promise<CleanupReport> {
  const { index, orphans } = options
  const removed: string[] = []
  const quarantined: string[] = []
  await index.rescan()
  await pMap(
    await index.expired(now),
    (id) =>
      sweepRecord(options, id, async () => {
        if (await removeIfExpired(options, id, now)) removed.push(id)
      }),
    { concurrency: REMOVALS_AT_A_TIME },
  )
  for (const id of [...index.unreadable]) {
    await sweepRecord(options, id, async () => {
      if (await quarantineIfUnreadable(options, id)) quarantined.push(`${id}.json`)
    })
  }
  return { removed, quarantined, leftovers: await orphans.sweep() }
}

async function removeIfExpired({ records, writer, index }: SweepOptions, id: string, now: Date): Promise<boolean> {
  records.forget(id)
  const sync = await index.find(id)
  if (sync === undefined || !isTerminal(sync) || Date.parse(sync.expiresAt) > now.getTime()) return false
  // Not made durable: what a power cut brings back, the next sweep removes.
  if (!(await writer.remove(id, sync.revision))) return false
  index.delete(id)
  return true
}

/** Moves the file out of the way of everything that reads records; its bytes stay for the operator. */
async function quarantineIfUnreadable({ folder, records, index }: SweepOptions, id: string): Promise<boolean> {
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

/** Runs the task while no other writer of this process is busy with the record; logs its failure. */
async function sweepRecord({ folder, writers }: SweepOptions, id: string, task: () => Promise<void>): Promise<void> {
  try {
    await writers.run(id, task)
  } catch (error) {
    if (errnoOf(error) === undefined && !(error instanceof AppError)) throw error
    folder.log.warn({ err: error, syncId: id }, 'a record could not be swept; the next sweep tries again')
  }
}
