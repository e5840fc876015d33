import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Sync } from '../model/sync.ts'
import { type SyncView, serializeView, syncView } from '../model/sync-view.ts'
import { isNotModified, revisionETag } from './conditional-requests.ts'

interface Encoded {
  readonly etag: string
  readonly body: Buffer
}

/**
 * The bytes of each sync that is in memory. A sync never changes, its successor is another object; so what was encoded
 * (and checked against its schema) once serves every poll until then.
 */
const encodedSyncs = new WeakMap<Sync, Encoded>()

function encodeSync(sync: Sync): Encoded {
  const known = encodedSyncs.get(sync)
  if (known !== undefined) return known
  const encoded = { etag: revisionETag(sync), body: Buffer.from(serializeView(sync)) }
  encodedSyncs.set(sync, encoded)
  return encoded
}

function encodeView(view: SyncView): Encoded {
  return { etag: revisionETag(view), body: Buffer.from(JSON.stringify(syncView.parse(view))) }
}

/** Answers with the sync, its ETag, and when to poll again. */
export function sendSync(reply: FastifyReply, sync: Sync): FastifyReply {
  if (sync.finishedAt === null) reply.header('retry-after', '1')
  return send(reply, encodeSync(sync))
}

/** Answers with a sync as it was at an earlier time. */
export function sendView(reply: FastifyReply, view: SyncView): FastifyReply {
  return send(reply, encodeView(view))
}

function send(reply: FastifyReply, { etag, body }: Encoded): FastifyReply {
  return reply
    .header('etag', etag)
    .header('cache-control', 'no-cache')
    .header('content-type', 'application/json; charset=utf-8')
    .send(body)
}

/** Like {@link sendSync}, but 304 without a body when the client has this revision. */
export function sendSyncIfChanged(request: FastifyRequest, reply: FastifyReply, sync: Sync): FastifyReply {
  if (request.headers['if-none-match'] === undefined) return sendSync(reply, sync)
  const { etag } = encodeSync(sync)
  if (!isNotModified(request.headers, { etag })) return sendSync(reply, sync)
  reply.header('etag', etag).header('cache-control', 'no-cache')
  if (sync.finishedAt === null) reply.header('retry-after', '1')
  return reply.code(304).send()
}

/** Answers 202 and says where the sync that was just started can be watched, and from when on. */
export function accepted(reply: FastifyReply, { id }: Pick<Sync, 'id'>): FastifyReply {
  const location = `/syncs/${id}`
  return reply.code(202).header('location', location).header('operation-location', location).header('retry-after', '1')
}
