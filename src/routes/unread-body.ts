import type { Readable } from 'node:stream'

/** Bytes that are read of a body that is refused, and milliseconds in which they may come. */
const MOST_BYTES = 32_000_000
const MOST_MS = 1000

/**
 * Reads what is left of a body that is refused, and drops it. A connection that is closed on a client that is still sending
 * is reset, and the client never reads why (RFC 9112, section 9.6). Resolves once all of it was there, or enough.
 */
export function dropBody(body: Readable): Promise<void> {
  if (body.readableEnded || body.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    let bytes = 0
    const count = (piece: Uint8Array) => {
      bytes += piece.length
      if (bytes > MOST_BYTES) done()
    }
    const limit = setTimeout(done, MOST_MS)
    function done(): void {
      clearTimeout(limit)
      body.off('data', count).off('end', done).off('close', done).pause()
      resolve()
    }
    body.on('data', count).once('end', done).once('close', done).resume()
  })
}
