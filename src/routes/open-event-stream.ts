import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'
import type { WatcherLimit } from './watcher-limit.ts'

/** Milliseconds after which a client whose stream broke comes back. */
export const RETRY_MS = 2000

/** Clients of an instance that stops come back spread over this many milliseconds, not all at once. */
const RETRY_SPREAD_MS = 2000

/** Takes a place for a stream of this owner, as `WatcherLimit.take` does; throws TOO_MANY_STREAMS when there is none. */
export function takePlace(watchers: WatcherLimit, owner: string, request: FastifyRequest): () => void {
  const leave = watchers.take(owner, request)
  if (leave !== undefined) return leave
  const detail = 'As many event streams and waits of this key or address are open as there is room for.'
  throw new AppError('TOO_MANY_STREAMS', detail, { retryAfterSeconds: 5 })
}

/**
 * Takes the response over and writes the head of an event stream; `undefined` when no events are to follow, as the client
 * is gone or has asked for the head alone. `onClose` is called once, however it ends.
 */
export function openEventStream(
  request: FastifyRequest,
  reply: FastifyReply,
  onClose: () => void,
): ServerResponse | undefined {
  reply.hijack()
  const response = reply.raw
  if (response.destroyed) {
    onClose()
    return undefined
  }
  response.once('close', onClose)
  response.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Tells nginx, and those who follow it, not to hold events back.
    'x-accel-buffering': 'no',
  })
  if (request.method !== 'HEAD') return response
  response.end()
  return undefined
}

/** What tells the client of an instance that stops when to come back. */
export function comeBackLater(): Buffer {
  return Buffer.from(`retry: ${Math.round(RETRY_MS / 2 + Math.random() * RETRY_SPREAD_MS)}\n\n`)
}

export function encodeEvent(event: string, data: string): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${data}\n\n`)
}
