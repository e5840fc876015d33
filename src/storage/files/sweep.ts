import type { KeyedMutex } from '../../concurrency/keyed-mutex.ts'
import { AppError } from '../../errors.ts'
import { isTerminal } from '../../model/sync.ts'
import type { FileSystem } from '../../ports/file-system.ts'
import type { Log } from '../../ports/log.ts'
import type { CleanupReport } from '../../ports/sync-storage.ts'
import type { Succession } from './claims.ts'
import type { Layout } from './folder-layout.ts'
import { eachOf } from './for-each-limited.ts'
import type { Leftovers } from './orphaned-files.ts'
import type { Records } from './records.ts'
import { errnoOf, isCorrupt } from './storage-errors.ts'
import type { SyncIndex } from './sync-index.ts'

/** Records that are removed side by side. */
const REMOVALS_AT_A_TIME = 8

export interface SweepOptions {
  readonly layout: Layout
  readonly fs: FileSystem
  readonly log: Log
  readonly records: Records
  readonly index: SyncIndex
  readonly succession: Succession
  readonly leftovers: Leftovers
  /** Where writers of one sync in this process wait for each other. */
  readonly writers: KeyedMutex
}

/**
 * Removes what has expired, sets aside what cannot be read, clears away what was left. One record that resists does not
 * keep the others; rejects only when the folders themselves cannot be read.
 */
export async function sweep(options: SweepOptions, now: Date): Promise<CleanupReport> {
  const { index, leftovers } = options
  const removed: string[] = []
  const quarantined: string[] = []
  let cleared = 0
  await index.rescan()
  await eachOf(await index.expired(now), REMOVALS_AT_A_TIME, (id) =>
    carryOn(options, id, async () => {
      if (await removeIfExpired(options, id, now)) removed.push(id)
    }),
  )
  for (const id of index.unreadable) {
    await carryOn(options, id, async () => {
      if (await setAsideIfUnreadable(options, id)) quarantined.push(`${id}.json`)
    })
  }
  for (const id of index.vanished) {
    await carryOn(options, id, async () => {
      cleared += await leftovers.sweepRemoval(id)
    })
  }
  cleared += await leftovers.sweep()
  return { removed, quarantined, leftovers: cleared }
}

function removeIfExpired(
  { records, index, succession, writers }: SweepOptions,
  id: string,
  now: Date,
): Promise<boolean> {
  return writers.run(id, async () => {
    try {
      const sync = (await records.readAgain(id))?.sync
      if (sync !== undefined) index.note(sync)
      else index.forget(id)
      if (sync === undefined || !isTerminal(sync) || Date.parse(sync.expiresAt) > now.getTime()) return false
      // Not made durable: what a power cut brings back, the next sweep removes.
      const removed = await succession.succeed(id, sync.revision, 'removed')
      if (removed) index.forget(id)
      return removed
    } catch (error) {
      if (!isCorrupt(error)) throw error
      index.noteUnreadable(id)
      return false
    }
  })
}

/** Moves the file out of the way of everything that reads records; its bytes stay for the operator. */
function setAsideIfUnreadable({ fs, layout, records, index, writers }: SweepOptions, id: string): Promise<boolean> {
  return writers.run(id, async () => {
    try {
      const record = await records.readAgain(id)
      if (record === undefined) index.forget(id)
      else index.note(record.sync, record.identity)
      return false
    } catch (error) {
      if (!isCorrupt(error)) throw error
    }
    try {
      await fs.rename(layout.record(id), layout.quarantined(id))
      return true
    } catch (error) {
      // It was set aside before, here or by another sweeper.
      if (errnoOf(error) !== 'ENOENT') throw error
      return false
    } finally {
      index.forget(id)
    }
  })
}

async function carryOn({ log }: SweepOptions, id: string, task: () => Promise<void>): Promise<void> {
  try {
    await task()
  } catch (error) {
    if (errnoOf(error) === undefined && !(error instanceof AppError)) throw error
    log.warn({ err: error, syncId: id }, 'a record could not be swept; the next sweep tries again')
  }
}
