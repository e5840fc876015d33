import type { FastifyRequest } from 'fastify'
import type { SnapshotFormat } from '../model/sync-request.ts'
import { MEDIA_TYPES } from './media-types.ts'

/** Negotiates one of the formats by `Accept` (RFC 9110, section 12.5.1); their order breaks ties. `undefined`: none is accepted. */
export function preferredFormat<Format extends SnapshotFormat>(
  request: FastifyRequest,
  formats: readonly Format[],
): Format | undefined {
  const best = request.accepts().type(formats.map((format) => MEDIA_TYPES[format]))
  return formats.find((candidate) => MEDIA_TYPES[candidate] === best)
}
