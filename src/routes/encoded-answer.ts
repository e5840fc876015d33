import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Compression } from './compression.ts'
import { isNotModified } from './conditional-requests.ts'
import { acceptableCodings, addVary, codedETag } from './content-codings.ts'

export interface EncodedAnswer {
  /** For whom it is, as `ownerOf` names them. */
  readonly owner: string
  readonly compression: Compression
  /** Names the bytes without a coding, and is strong; without it the answer has no ETag. */
  readonly etag?: string
  /** How many a stream has without a coding, where that is known: a short one is sent as it is. */
  readonly bytes?: number | undefined
}

/**
 * Answers GET and HEAD with text or a stream, compressed as the client accepts it (RFC 9110, section 12.5.3), or with 304
 * when it has this in a coding that it accepts. `Content-Type` and what else says the content is set before.
 */
export function sendEncoded(
  request: FastifyRequest,
  reply: FastifyReply,
  content: Readable | Buffer,
  { owner, compression, etag, bytes = Buffer.isBuffer(content) ? content.length : undefined }: EncodedAnswer,
): FastifyReply {
  addVary(reply, 'Accept-Encoding')
  const codings = acceptableCodings(request, bytes)
  const withETag = (coding: (typeof codings)[number]) =>
    etag === undefined ? reply : reply.header('etag', codedETag(etag, coding))
  const nothing = () => (request.method === 'HEAD' ? Readable.from([]) : undefined)
  const held = codings.find(
    (coding) => etag !== undefined && isNotModified(request.headers, { etag: codedETag(etag, coding) }),
  )
  if (held !== undefined) {
    if (!Buffer.isBuffer(content)) content.destroy()
    return withETag(held).code(304).send(nothing())
  }
  const [best] = codings
  if (best === 'identity') return withETag(best).send(content)
  if (request.method === 'HEAD') {
    if (!Buffer.isBuffer(content)) content.destroy()
    return withETag(best).header('content-encoding', best).send(nothing())
  }
  const stream = Buffer.isBuffer(content) ? Readable.from([content]) : content
  const encoded = compression.encode(stream, codings, owner)
  if (encoded.coding !== 'identity') reply.header('content-encoding', encoded.coding)
  return withETag(encoded.coding).send(encoded.coding === 'identity' ? content : encoded.content)
}

/** The same with an object, of which the schema of the route's 200 makes JSON. */
export function sendJson(
  request: FastifyRequest,
  reply: FastifyReply,
  value: object,
  answer: Omit<EncodedAnswer, 'bytes'>,
): FastifyReply {
  const serialize = reply.getSerializationFunction('200', 'application/json')
  if (serialize === undefined) throw new TypeError('the route has no schema of its JSON')
  return sendEncoded(
    request,
    reply.type('application/json; charset=utf-8'),
    Buffer.from(serialize({ ...value })),
    answer,
  )
}
