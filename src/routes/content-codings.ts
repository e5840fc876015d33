import negotiator from '@fastify/accept-negotiator'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'

/**
 * The codings of an answer, first what is sent to a client that likes several equally: of rows zstd makes about as little
 * as the others for half of the processor time, and Brotli no less than gzip for as much.
 */
export const CODINGS = ['zstd', 'gzip', 'br', 'identity'] as const
export type Coding = (typeof CODINGS)[number]

/** Fewer bytes are sent as they are: they take one packet either way. */
const LEAST_BYTES = 1024

/**
 * The codings that an answer may have, the one to use first (RFC 9110, section 12.5.3). `bytes`: how many it has without
 * any, as far as that is known. Throws NOT_ACCEPTABLE when the client refuses even an answer without coding.
 */
export function acceptableCodings(request: FastifyRequest, bytes = Number.POSITIVE_INFINITY): [Coding, ...Coding[]] {
  const accepts = request.accepts()
  // One that is refused must not be what a `*` stands for, as the negotiator would have it.
  const acceptable = CODINGS.filter((coding) => accepts.encoding([coding]) === coding)
  const header = String(request.headers['accept-encoding'] ?? '').toLowerCase()
  const wanted = bytes < LEAST_BYTES ? 'identity' : negotiator.negotiate(header, acceptable)
  const best = acceptable.find((coding) => coding === (wanted ?? 'identity')) ?? acceptable[0]
  if (best === undefined) {
    throw new AppError('NOT_ACCEPTABLE', 'Accept-Encoding leaves no coding that this answer can have.', {
      hint: `Accept one of ${CODINGS.join(', ')}.`,
    })
  }
  return [best, ...acceptable.filter((coding) => coding !== best)]
}

/** The strong ETag of what a coding makes of a representation (RFC 9110, section 8.8.3.3). */
export function codedETag(etag: string, coding: Coding): string {
  return coding === 'identity' ? etag : `${etag.slice(0, -1)}-${coding}"`
}

/** Names a request header that the answer depends on, beside those that are named already. */
export function addVary(reply: FastifyReply, header: string): void {
  const named = reply.getHeader('vary')
  reply.header('vary', named === undefined ? header : `${String(named)}, ${header}`)
}
