import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import pLimit from 'p-limit'
import type { Sync } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import { PAGE_BYTES, type SyncPage, type SyncQuery } from '../ports/sync-storage.ts'
import { type EncodedAnswer, sendEncoded } from './encoded-answer.ts'
import { encodeIfReadable } from './sync-response.ts'

/**
 * Bytes of the records that are listed, encoded and sent at a time. A few times as much is what a list holds, however long
 * its page is and however slowly it is read; and so long it holds the event loop (some milliseconds).
 */
const PIECE_BYTES = 128 * 1024

const turns = pLimit(1)

export type PieceQuery = Pick<SyncQuery, 'pageSize' | 'maxBytes' | 'pageToken'>
type PageQuery = Pick<SyncQuery, 'pageSize' | 'pageToken'> & {
  /** Whether records must be read to tell what belongs to the list. */
  readonly isSearch: boolean
}
type ListPiece = (query: PieceQuery) => Promise<SyncPage>

/** Milliseconds after which a search that has not filled its page answers with what it has found. */
const SEARCH_MS = 1000

/**
 * Answers with one page of syncs, which ends early where it has PAGE_BYTES. Its first piece is listed before anything is
 * sent, so that what `list` rejects with is answered as any error is; what fails later cuts the answer off.
 */
export async function sendSyncList(
  request: FastifyRequest,
  reply: FastifyReply,
  page: PageQuery,
  list: ListPiece,
  { clock, ...answer }: Pick<EncodedAnswer, 'owner' | 'compression'> & { readonly clock: Pick<Clock, 'monotonic'> },
): Promise<FastifyReply> {
  const { isSearch, ...query } = page
  const until = clock.monotonic() + SEARCH_MS
  // What the caller may not see is searched through too, and a list of what it may see is not.
  const hasTime = ({ syncs }: SyncPage) => (!isSearch && syncs.length > 0) || clock.monotonic() < until
  const first = await list({ ...query, maxBytes: PIECE_BYTES })
  const content = Readable.from(encodeList(first, query.pageSize, list, hasTime))
  // A sync alone has more than it takes to be worth it.
  const bytes = first.syncs.length === 0 && first.nextPageToken === undefined ? 0 : undefined
  return sendEncoded(request, reply.type('application/json; charset=utf-8'), content, { ...answer, bytes })
}

/**
 * The JSON of the page; a piece is listed when the client has read what came before, for as long as there is time, so that
 * one request never reads all that others keep from its caller's sight.
 */
async function* encodeList(
  first: SyncPage,
  pageSize: number,
  list: ListPiece,
  hasTime: (latest: SyncPage) => boolean,
): AsyncGenerator<Buffer> {
  let latest = first
  let left = pageSize - first.syncs.length
  let piece = await takeTurn(async () => encodeSyncs(first.syncs))
  let bytes = piece.length
  yield Buffer.concat([Buffer.from('{"syncs":['), piece.subarray(1)])
  while (latest.nextPageToken !== undefined && left > 0 && bytes < PAGE_BYTES && hasTime(latest)) {
    const { nextPageToken: pageToken } = latest
    const query = { pageSize: left, pageToken, maxBytes: Math.min(PIECE_BYTES, PAGE_BYTES - bytes) }
    piece = await takeTurn(async () => {
      latest = await list(query)
      return encodeSyncs(latest.syncs)
    })
    left -= latest.syncs.length
    if (piece.length > 0) yield piece.subarray(bytes === 0 ? 1 : 0)
    bytes += piece.length
  }
  yield Buffer.from(`],"nextPageToken":${JSON.stringify(latest.nextPageToken ?? null)}}`)
}

/** Many lists go on one after the other, a piece in each iteration of the event loop: other requests come between. */
function takeTurn(encodePiece: () => Promise<Buffer>): Promise<Buffer> {
  return turns(async () => {
    await setImmediate()
    return encodePiece()
  })
}

/** The JSON of all that can be shown, each after a comma. */
function encodeSyncs(syncs: readonly Sync[]): Buffer {
  const comma = Buffer.from(',')
  const bodies = syncs.map(encodeIfReadable).filter((body) => body !== undefined)
  return Buffer.concat(bodies.flatMap((body) => [comma, body]))
}
