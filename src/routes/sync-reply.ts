import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Sync } from '../model/sync.ts'
import { type SyncView, serializeView, syncView } from '../model/sync-view.ts'

interface Encoded {
  readonly etag: string
  readonly body: Buffer
}

/**
 * The bytes of each sync that is in memory. A sync never changes, its successor is another object; so what was encoded
 * (and checked against its schema) once serves every poll until then.
 */
const encodedSyncs = new WeakMap<Sync, Encoded>()

function encode(sync: Sync): Encoded {
  const known = encodedSyncs.get(sync)
  if (known !== undefined) return known
  const encoded = { etag: `"${sync.revision}"`, body: Buffer.from(serializeView(sync)) }
  encodedSyncs.set(sync, encoded)
  return encoded
}

/** Answers with the sync, its ETag, and when to ask again. */
export function sendSync(reply: FastifyReply, sync: Sync): FastifyReply {
  const { etag, body } = encode(sync)
  reply
    .header('etag', etag)
    .header('cache-control', 'no-cache')
    .header('content-type', 'application/json; charset=utf-8')
  if (sync.finishedAt === null) reply.header('retry-after', '1')
  return reply.send(body)
}

/** Answers with a sync as it was at an earlier time. */
export function sendView(reply: FastifyReply, view: SyncView): FastifyReply {
  return reply
    .header('etag', `"${view.revision}"`)
    .header('cache-control', 'no-cache')
    .header('content-type', 'application/json; charset=utf-8')
    .send(Buffer.from(JSON.stringify(syncView.parse(view))))
}

/** Like {@link sendSync}, but 304 without a body when the client has this revision (RFC 9110, section 13.1.2). */
export function sendSyncIfChanged(request: FastifyRequest, reply: FastifyReply, sync: Sync): FastifyReply {
  const condition = request.headers['if-none-match']
  if (condition === undefined) return sendSync(reply, sync)
  const { etag } = encode(sync)
  if (condition !== etag && !matchesWeakly(condition, etag)) return sendSync(reply, sync)
  reply.header('etag', etag).header('cache-control', 'no-cache')
  if (sync.finishedAt === null) reply.header('retry-after', '1')
  return reply.code(304).send()
}

/** Tells where a sync that was just started can be watched. */
export function pointTo(reply: FastifyReply, sync: Pick<Sync, 'id'>): FastifyReply {
  const location = `/syncs/${sync.id}`
  return reply.header('location', location).header('operation-location', location)
}

/**
 * The revisions that an `If-Match` header names; `undefined` when it sets no condition. Weak tags never match
 * (RFC 9110, section 13.1.1), so they name none.
 */
export function ifMatchRevisions(header: string | undefined): number[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined
  return header.split(',').flatMap((tag) => {
    const revision = /^\s*"(\d{1,15})"\s*$/.exec(tag)?.[1]
    return revision === undefined ? [] : [Number(revision)]
  })
}

/** Whether an `If-None-Match` header names the tag (weak comparison, RFC 9110, section 13.1.2). */
export function matchesWeakly(condition: string, etag: string): boolean {
  return condition.split(',').some((tag) => {
    const trimmed = tag.trim()
    return trimmed === '*' || trimmed === etag || trimmed === `W/${etag}`
  })
}
