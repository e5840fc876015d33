import type { Sync } from '../model/sync.ts'
import type { SyncQuery, SyncStorage } from './sync-storage.ts'

/** Syncs of one page, where all of them are wanted. */
const PAGE_SIZE = 1000

/** All syncs that match a query, newest first, read page by page; throws what `list` rejects with. */
export async function* paginate(
  storage: Pick<SyncStorage, 'list'>,
  query: Omit<SyncQuery, 'pageSize' | 'pageToken'>,
): AsyncGenerator<Sync, void, undefined> {
  let next: { pageToken?: string } | undefined = {}
  while (next !== undefined) {
    const { syncs, nextPageToken } = await storage.list({ ...query, ...next, pageSize: PAGE_SIZE })
    yield* syncs
    next = nextPageToken === undefined ? undefined : { pageToken: nextPageToken }
  }
}
