import { createHash } from 'node:crypto'
import { AppError } from '../errors.ts'
import { isSyncId } from '../model/sync-id.ts'

/** Where the next page begins. */
export interface RowPlace {
  /** The sync whose snapshot all pages are of. */
  readonly syncId: string
  /** Rows before it. */
  readonly offset: number
}

/**
 * A cursor names its snapshot, so that pages of one question never mix versions, and the question, as with another one it
 * would skip rows in silence.
 */
export function toCursor({ syncId, offset }: RowPlace, question: unknown): string {
  return Buffer.from(`${syncId} ${offset} ${digestOf(question)}`).toString('base64url')
}

/** Reads a cursor that was given out for this question. Throws CURSOR_INVALID. */
export function readCursor(cursor: string, question: unknown): RowPlace {
  const [syncId = '', digits = ''] = Buffer.from(cursor, 'base64url').toString('latin1').split(' ')
  const place = { syncId, offset: Number(digits) }
  if (!isSyncId(syncId) || !Number.isSafeInteger(place.offset) || toCursor(place, question) !== cursor) {
    throw new AppError('CURSOR_INVALID', 'The cursor was not given out for this question.')
  }
  return place
}

function digestOf(question: unknown): string {
  return createHash('sha256').update(JSON.stringify(question)).digest('base64url').slice(0, 22)
}
