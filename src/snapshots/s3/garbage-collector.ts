import { randomUUID } from 'node:crypto'
import { AppError } from '../../errors.ts'
import type { Log } from '../../ports/log.ts'
import type { SnapshotKey } from '../../ports/snapshot-store.ts'
import { isSnapshotKey } from '../snapshot-key.ts'
import type { Bucket } from './bucket.ts'
import type { SnapshotRecords } from './snapshot-record.ts'

/**
 * Removes all that is staged for a sync, and all its files but those of the owner that published. The marker goes last,
 * as it came first, so that whatever is cut off is found by the next sweep.
 */
export async function collectGarbage(bucket: Bucket, log: Log, key: SnapshotKey, publisher?: string): Promise<void> {
  const { syncId } = key
  const { keys } = bucket
  const marker = keys.marker(key)
  const isKept = (path: string) => publisher !== undefined && path.startsWith(keys.filesOf(syncId, publisher))
  try {
    const files = (await bucket.listKeys(keys.files(syncId))).filter((path) => !isKept(path))
    const staged = (await bucket.listKeys(keys.drafts(syncId))).filter((path) => path !== marker)
    await bucket.remove([...files, ...staged])
    await bucket.remove([marker])
  } catch (err) {
    // Out of sight of every reader, and the marker is still there for the next sweep.
    if (!(err instanceof AppError)) throw err
    log.warn({ err, syncId }, 'orphaned objects of a draft stay in the bucket until the next sweep')
  }
}

/**
 * Ends every draft of a sync and removes what is staged for it, unless that was given to a sync which is live; resolves to
 * how many drafts were live till then.
 */
export async function discardDrafts(
  bucket: Bucket,
  log: Log,
  records: SnapshotRecords,
  syncId: string,
  isLive: (syncId: string) => Promise<boolean>,
): Promise<number> {
  const markers = bucket.keys.markers(syncId)
  const marked = (await bucket.listKeys(markers))
    .map((marker) => ({ spreadsheetId: marker.slice(markers.length), syncId }))
    .filter(isSnapshotKey)
  if (marked.length === 0) await bucket.remove(await bucket.listKeys(bucket.keys.drafts(syncId)))
  let discarded = 0
  for (const key of marked) {
    let found = await records.read(key)
    while (found?.record.state === 'draft') {
      const { epoch } = found.record
      const next = { version: 1, state: 'discarded', epoch, owner: randomUUID(), write: 0 } as const
      // From here on no owner can publish any more.
      if ((await records.replace(key, next, found.etag)) !== undefined) discarded += 1
      found = await records.read(key)
    }
    const heir = found?.record.state === 'discarded' ? found.record.heir : undefined
    if (heir !== undefined && (await isLive(heir.syncId))) continue
    if (found?.record.state === 'discarded') await records.remove(key)
    await collectGarbage(bucket, log, key, found?.record.state === 'published' ? found.record.owner : undefined)
  }
  return discarded
}
