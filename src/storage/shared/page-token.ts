import { AppError } from '../../errors.ts'
import { isSyncId } from '../../model/sync-id.ts'
import type { SyncQuery } from '../../ports/sync-storage.ts'

/**
 * A page token names the last sync of its page, not a place in a list, so it stays valid while syncs come and go. It
 * also names the filters: with others it would skip syncs in silence.
 */
export function toPageToken(lastId: string, query: SyncQuery): string {
  return Buffer.from(`${lastId} ${filterOf(query)}`).toString('base64url')
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

function filterOf(query: SyncQuery): string {
  const { states = [], spreadsheetId = '', createdBy = '', webhook = '' } = query
  return JSON.stringify([[...states].sort().join(','), spreadsheetId, createdBy, webhook])
}
