import type { Sync } from '../model/sync.ts'
import type { SyncQuery, SyncStorage } from './sync-storage.ts'

/** Syncs of one page, where all of them are wanted. */
const PAGE_SIZE = 1000

/** All syncs that a query asks for, newest first, page by page; throws what `list` rejects with. */
export async function* everyPage(
  storage: Pick<SyncStorage, 'list'>,
  query: Omit<SyncQuery, 'pageSize' | 'pageToken'>,
): AsyncGenerator<readonly Sync[], void, undefined> {
  let pageToken: string | undefined
  do {
    const page = await storage.list({
      ...query,
      pageSize: PAGE_SIZE,
      ...(pageToken === undefined ? {} : { pageToken }),
    })
    yield page.syncs
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
}
