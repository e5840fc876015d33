import { randomUUID } from 'node:crypto'
import { AppError } from '../../errors.ts'
import type { Log } from '../../ports/log.ts'
import type { SnapshotKey } from '../../ports/snapshot-store.ts'
import { isSnapshotKey } from '../snapshot-key.ts'
import type { Bucket } from './bucket.ts'
import type { SnapshotRecords } from './snapshot-record.ts'

/**
 * Removes what drafts and snapshots leave in the bucket. A marker goes up before anything of a sync does, and is the last
 * to be removed, so that whatever is cut off is found by the next sweep.
 */
export class GarbageCollector {
  readonly #bucket: Bucket
  readonly #records: SnapshotRecords
  readonly #log: Log

  constructor(bucket: Bucket, records: SnapshotRecords, log: Log) {
    this.#bucket = bucket
    this.#records = records
    this.#log = log
  }

  /** Lets sweeps find the sync. */
  async mark(key: SnapshotKey): Promise<void> {
    await this.#bucket.put(this.#bucket.keys.marker(key), '')
  }

  /** Removes all that is staged for a sync, and all its files but those of the owner that published, the marker last. */
  async collect(key: SnapshotKey, publisher: string | undefined): Promise<void> {
    const { syncId } = key
    const { keys } = this.#bucket
    const marker = keys.marker(key)
    const isKept = (path: string) => publisher !== undefined && path.startsWith(keys.filesOf(syncId, publisher))
    try {
      const files = (await this.#bucket.listKeys(keys.files(syncId))).filter((path) => !isKept(path))
      const staged = (await this.#bucket.listKeys(keys.drafts(syncId))).filter((path) => path !== marker)
      await this.#bucket.remove([...files, ...staged])
      await this.#bucket.remove([marker])
    } catch (err) {
      // Out of sight of every reader, and the marker is still there for the next sweep.
      if (!(err instanceof AppError)) throw err
      this.#log.warn({ err, syncId }, 'orphaned objects of a draft stay in the bucket until the next sweep')
    }
  }

  /** Ends every draft of a sync and removes what is staged for it; resolves to how many drafts were live till then. */
  async discardDrafts(syncId: string): Promise<number> {
    const { keys } = this.#bucket
    const marked = (await this.#bucket.listKeys(keys.markers(syncId)))
      .map((path) => ({ spreadsheetId: path.slice(keys.markers(syncId).length), syncId }))
      .filter(isSnapshotKey)
    let discarded = 0
    for (const key of marked) discarded += await this.#discard(key)
    if (marked.length === 0) await this.#bucket.remove(await this.#bucket.listKeys(keys.drafts(syncId)))
    return discarded
  }

  async #discard(key: SnapshotKey): Promise<number> {
    let discarded = 0
    let found = await this.#records.read(key)
    while (found?.record.state === 'draft') {
      const { epoch } = found.record
      const next = { version: 1, state: 'discarded', epoch, owner: randomUUID(), write: 0 } as const
      // From here on no owner can publish any more.
      if ((await this.#records.replace(key, next, found.etag)) !== undefined) discarded += 1
      found = await this.#records.read(key)
    }
    if (found?.record.state === 'discarded') await this.#records.remove(key)
    await this.collect(key, found?.record.state === 'published' ? found.record.owner : undefined)
    return discarded
  }
}
