import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import pLimit from 'p-limit'
import type { Sync } from '../model/sync.ts'
import { PAGE_BYTES, type SyncQuery } from '../ports/sync-storage.ts'
import type { VisiblePage } from '../syncs/sync-service.ts'
import { encodeIfReadable } from './sync-response.ts'

/**
 * Bytes of the records that are listed, encoded and sent at a time. A few times as much is what a list holds, however long
 * its page is and however slowly it is read; and so long it holds the event loop (some milliseconds).
 */
const PIECE_BYTES = 128 * 1024

const turns = pLimit(1)

type PieceQuery = Pick<SyncQuery, 'pageSize' | 'maxBytes' | 'pageToken'>
type ListPiece = (query: PieceQuery) => Promise<VisiblePage>

/**
 * Answers with one page of syncs, which ends early where it has PAGE_BYTES. Its first piece is listed before anything is
 * sent, so that what `list` rejects with is answered as any error is; what fails later cuts the answer off.
 */
export async function sendSyncList(
  reply: FastifyReply,
  { pageSize, pageToken }: PieceQuery,
  list: ListPiece,
): Promise<FastifyReply> {
  const first = await list({ pageSize, pageToken, maxBytes: PIECE_BYTES })
  return reply.type('application/json; charset=utf-8').send(Readable.from(encodeList(first, pageSize, list)))
}

/**
 * The JSON of the page; a piece is listed when the client has read what came before. No more than pageSize syncs are looked
 * at, so that one request never reads all that others keep from its caller's sight.
 */
async function* encodeList(first: VisiblePage, pageSize: number, list: ListPiece): AsyncGenerator<Buffer> {
  let left = pageSize - first.looked
  let pageToken = first.nextPageToken
  let piece = await takeTurn(async () => encodeSyncs(first.syncs))
  let bytes = piece.length
  yield Buffer.concat([Buffer.from('{"syncs":['), piece.subarray(1)])
  while (pageToken !== undefined && left > 0 && bytes < PAGE_BYTES) {
    const query = { pageSize: left, pageToken, maxBytes: Math.min(PIECE_BYTES, PAGE_BYTES - bytes) }
    piece = await takeTurn(async () => {
      const page = await list(query)
      left -= page.looked
      pageToken = page.nextPageToken
      return encodeSyncs(page.syncs)
    })
    yield piece.subarray(bytes === 0 ? 1 : 0)
    bytes += piece.length
  }
  yield Buffer.from(`],"nextPageToken":${JSON.stringify(pageToken ?? null)}}`)
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
