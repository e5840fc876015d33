import { createHash } from 'node:crypto'
import { AppError } from '../../errors.ts'
import type { Sync } from '../../model/sync.ts'
import { isSearch, matchesFilter } from '../../model/sync-filter.ts'
import { isSyncId } from '../../model/sync-id.ts'
import { PAGE_BYTES, type SyncPage, type SyncQuery } from '../../ports/sync-storage.ts'

/** A sync that may belong to a page. */
export interface Candidate {
  readonly sync: Sync
  /** Bytes of its record as JSON. */
  readonly size: number
}

/** A record that a search has looked at and that does not match. */
export interface Mismatch {
  /** The id of its sync. */
  readonly mismatch: string
  /** As of a candidate. */
  readonly size: number
}

export function idOf(looked: Candidate | Mismatch): string {
  return 'mismatch' in looked ? looked.mismatch : looked.sync.id
}

/** Whether a sync is one that the query asks for; its page is another matter. */
export function matchesQuery(sync: Sync, query: SyncQuery): boolean {
  return (
    (query.webhook === undefined || sync.webhook?.state === query.webhook) &&
    (query.isVisible?.(sync) ?? true) &&
    matchesFilter(sync, query)
  )
}

/**
 * One page of those candidates that the query asks for. They come in the order of the page; one more is taken than fits. A
 * search, and a list for somebody who may not know of all, ends after so many bytes of candidates, whether they match or
 * not; what does not match never says that more follows a full page.
 */
export async function collectPage(
  candidates: AsyncIterable<Candidate | Mismatch>,
  query: SyncQuery,
): Promise<SyncPage> {
  const { pageSize, maxBytes = PAGE_BYTES } = query
  const syncs: Sync[] = []
  const countsAll = isSearch(query) || query.isVisible !== undefined
  let last: string | undefined
  let bytes = 0
  for await (const candidate of candidates) {
    const sync = 'sync' in candidate && matchesQuery(candidate.sync, query) ? candidate.sync : undefined
    if (sync === undefined && !countsAll) continue
    bytes += candidate.size
    const isFull = sync !== undefined && syncs.length === pageSize
    if (last !== undefined && (isFull || bytes > maxBytes)) {
      return { syncs, nextPageToken: toPageToken(last, query) }
    }
    last = idOf(candidate)
    if (sync !== undefined) syncs.push(sync)
  }
  return { syncs }
}

/**
 * A page token names the last sync of its page (of a search, the last that it looked at), not a place in a list, so it
 * stays valid while syncs come and go. It also names the filters: with others it would skip syncs in silence. Those of a
 * search may be long: it holds a hash of them.
 */
export function toPageToken(lastId: string, query: SyncQuery): string {
  const { states = [], spreadsheetId = '', createdBy = '', scheduleId, webhook = '', labels, codes, text } = query
  const filters = [[...states].sort().join(','), spreadsheetId, createdBy, webhook]
  const search = JSON.stringify([labels && [...labels].sort(), codes && [...codes].sort(), text?.toLowerCase()])
  const more = isSearch(query)
    ? [scheduleId ?? '', createHash('sha256').update(search).digest('base64url').slice(0, 16)]
    : [scheduleId].filter((id) => id !== undefined)
  const filter = JSON.stringify([...filters, ...more])
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
