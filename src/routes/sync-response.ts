import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Sync } from '../model/sync.ts'
import { isCorruptRecord } from '../model/sync-record.ts'
import { type SyncView, serializeView } from '../model/sync-view.ts'
import { isNotModified, revisionETag } from './conditional-requests.ts'

/** A sync, or the view of it that was made before. */
type Viewed = Sync | SyncView

interface Encoded {
  readonly etag: string
  readonly body: Buffer
}

/**
 * The bytes of each sync that is in memory. A sync never changes, its successor is another object; so what was encoded
 * (and checked against its schema) once serves every poll until then.
 */
const encodedSyncs = new WeakMap<Viewed, Encoded>()

function encode(sync: Viewed): Encoded {
  const known = encodedSyncs.get(sync)
  if (known !== undefined) return known
  const encoded = { etag: revisionETag(sync), body: Buffer.from(serializeView(sync)) }
  encodedSyncs.set(sync, encoded)
  return encoded
}

/**
 * The bytes of the sync for a list; `undefined` when it contradicts its schema, which whoever asks for it by id is answered.
 */
export function encodeIfReadable(sync: Viewed): Buffer | undefined {
  try {
    return encode(sync).body
  } catch (error) {
    if (isCorruptRecord(error)) return undefined
    throw error
  }
}

/** Answers with the sync, its ETag, and when to poll again. */
export function sendSync(reply: FastifyReply, sync: Viewed): FastifyReply {
  const { etag, body } = encode(sync)
  return withValidators(reply, sync, etag).header('content-type', 'application/json; charset=utf-8').send(body)
}

/** Like {@link sendSync}, but 304 without a body when the client has this revision. */
export function sendSyncIfChanged({ headers }: FastifyRequest, reply: FastifyReply, sync: Viewed): FastifyReply {
  if (headers['if-none-match'] === undefined) return sendSync(reply, sync)
  const { etag } = encode(sync)
  if (!isNotModified(headers, { etag })) return sendSync(reply, sync)
  return withValidators(reply, sync, etag).code(304).send()
}

function withValidators(reply: FastifyReply, { finishedAt }: Viewed, etag: string): FastifyReply {
  if (finishedAt === null) reply.header('retry-after', '1')
  return reply.header('etag', etag).header('cache-control', 'private, no-cache')
}

/** Answers 202 and says where the sync that was started can be watched. */
export function accepted(reply: FastifyReply, { id }: Pick<Sync, 'id'>): FastifyReply {
  const location = `/syncs/${id}`
  return reply.code(202).header('location', location).header('operation-location', location)
}
