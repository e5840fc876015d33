import { randomUUID } from 'node:crypto'
import { AppError } from '../../errors.ts'
import type { Log } from '../../ports/log.ts'
import { isSnapshotKey, type SnapshotKey } from '../snapshot-key.ts'
import type { Bucket } from './bucket.ts'
import type { BucketKeys } from './bucket-keys.ts'
import type { SnapshotRecords } from './snapshot-record.ts'

export interface GarbageCollectorOptions {
  readonly bucket: Bucket
  readonly keys: BucketKeys
  readonly records: SnapshotRecords
  readonly log: Log
}

/**
 * Removes what drafts and snapshots leave in the bucket. A marker goes up before anything of a sync does, and is the last
 * to be removed, so that whatever is cut off is found by the next sweep.
 */
export class GarbageCollector {
  readonly #options: GarbageCollectorOptions

  constructor(options: GarbageCollectorOptions) {
    this.#options = options
  }

  /** Lets sweeps find the sync. */
  async mark(key: SnapshotKey): Promise<void> {
    await this.#options.bucket.put(this.#options.keys.marker(key), '')
  }

  /** Removes all that is staged for a sync, and all its files but those of the owner that published, the marker last. */
  async collect(key: SnapshotKey, publisher: string | undefined): Promise<void> {
    const { bucket, keys, log } = this.#options
    const marker = keys.marker(key)
    const kept = publisher === undefined ? undefined : keys.file(key.syncId, publisher, '')
    try {
      const found = [...(await bucket.keys(keys.files(key.syncId))), ...(await bucket.keys(keys.drafts(key.syncId)))]
      await bucket.remove(found.filter((path) => path !== marker && (kept === undefined || !path.startsWith(kept))))
      await bucket.remove([marker])
    } catch (error) {
      // Out of sight of every reader, and the marker is still there for the next sweep.
      if (!(error instanceof AppError)) throw error
      log.warn(
        { err: error, syncId: key.syncId },
        'orphaned objects of a draft stay in the bucket until the next sweep',
      )
    }
  }

  /** Ends every draft of a sync and removes what is staged for it; resolves to how many drafts were live till then. */
  async discardDrafts(syncId: string): Promise<number> {
    const { bucket, keys } = this.#options
    const marked = (await bucket.keys(keys.markers(syncId)))
      .map((path) => ({ spreadsheetId: path.slice(keys.markers(syncId).length), syncId }))
      .filter(isSnapshotKey)
    let discarded = 0
    for (const key of marked) discarded += await this.#discard(key)
    if (marked.length === 0) await bucket.remove(await bucket.keys(keys.drafts(syncId)))
    return discarded
  }

  async #discard(key: SnapshotKey): Promise<number> {
    const { records } = this.#options
    let discarded = 0
    let found = await records.read(key)
    while (found?.record.state === 'draft') {
      const { epoch } = found.record
      const next = { version: 1, state: 'discarded', epoch, owner: randomUUID(), write: 0 } as const
      // From here on no owner can publish any more.
      if ((await records.replace(key, next, found.etag)) !== undefined) discarded += 1
      found = await records.read(key)
    }
    if (found?.record.state === 'discarded') await records.remove(key)
    await this.collect(key, found?.record.state === 'published' ? found.record.owner : undefined)
    return discarded
  }
}
