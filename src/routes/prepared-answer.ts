import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isNotModified } from './conditional-requests.ts'

/** An answer that is made once: all who ask for it, and do not read it, share its bytes. */
export interface PreparedAnswer {
  readonly headers: Readonly<Record<string, string>> & { readonly etag: string }
  readonly body: Buffer
}

/** Prepares an answer with these headers; its ETag is strong. */
export function prepareAnswer(body: Buffer, headers: Readonly<Record<string, string>>): PreparedAnswer {
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
  return { headers: { 'cache-control': 'no-cache', ...headers, etag }, body }
}

/** Answers GET and HEAD, 304 when the client has it. */
export function sendPrepared(request: FastifyRequest, reply: FastifyReply, answer: PreparedAnswer): FastifyReply {
  reply.headers(answer.headers)
  if (!isNotModified(request.headers, answer.headers)) return reply.send(answer.body)
  // A HEAD route of Fastify takes the length of what is sent, and sends no bytes of it.
  return reply.code(304).send(request.method === 'HEAD' ? answer.body : undefined)
}
