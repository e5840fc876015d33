import { AppError } from '../../errors.ts'
import type { Sync } from '../../model/sync.ts'
import { isSyncId } from '../../model/sync-id.ts'
import { PAGE_BYTES, type SyncPage, type SyncQuery } from '../../ports/sync-storage.ts'

/** A sync that may belong to a page. */
export interface Candidate {
  readonly sync: Sync
  /** Bytes of its record as JSON. */
  readonly size: number
}

/** Whether a sync is one that the query asks for; its page is another matter. */
export function matchesQuery(sync: Sync, query: SyncQuery): boolean {
  const { states, spreadsheetId, createdBy, webhook } = query
  return (
    (states === undefined || states.includes(sync.state)) &&
    (spreadsheetId === undefined || sync.spreadsheet.id === spreadsheetId) &&
    (createdBy === undefined || sync.createdBy === createdBy) &&
    (webhook === undefined || sync.webhook?.state === webhook)
  )
}

/** One page of those candidates that the query asks for. They come in the order of the page; one more is taken than fits. */
export async function collectPage(candidates: AsyncIterable<Candidate>, query: SyncQuery): Promise<SyncPage> {
  const { pageSize, maxBytes = PAGE_BYTES } = query
  const syncs: Sync[] = []
  let bytes = 0
  for await (const { sync, size } of candidates) {
    if (!matchesQuery(sync, query)) continue
    const last = syncs.at(-1)
    bytes += size
    if (last !== undefined && (syncs.length === pageSize || bytes > maxBytes)) {
      return { syncs, nextPageToken: toPageToken(last.id, query) }
    }
    syncs.push(sync)
  }
  return { syncs }
}

/**
 * A page token names the last sync of its page, not a place in a list, so it stays valid while syncs come and go. It
 * also names the filters: with others it would skip syncs in silence.
 */
export function toPageToken(lastId: string, query: SyncQuery): string {
  const { states = [], spreadsheetId = '', createdBy = '', webhook = '' } = query
  const filter = JSON.stringify([[...states].sort().join(','), spreadsheetId, createdBy, webhook])
  return Buffer.from(`${lastId} ${filter}`).toString('base64url')
}

/** The id that the page must come after, or `undefined` for the first page; throws `PAGE_TOKEN_INVALID`. */
export function readPageToken(query: SyncQuery): string | undefined {
  if (query.pageToken === undefined) return undefined
  const id = Buffer.from(query.pageToken, 'base64url').toString('latin1').split(' ')[0] ?? ''
  if (!isSyncId(id) || toPageToken(id, query) !== query.pageToken) {
    throw new AppError('PAGE_TOKEN_INVALID', 'The page token was not given out for this query.')
  }
  return id
}
