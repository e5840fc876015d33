import type { Readable } from 'node:stream'
import { CallFault } from './call-fault.ts'

/** The bytes of an answer; they are the caller's, buffer and all. */
export type Body = Uint8Array<ArrayBuffer>

/** Bytes to begin with, a little above the 2 MB that are asked for: most answers need no more. */
const ROOM = 2_500_000

/** Bytes that one answer may have: far above the 2 MB that are asked for, and few enough for all calls side by side. */
const LARGEST = 16 * 1024 * 1024

/**
 * Collects a body into one buffer, which can be handed to a worker thread without a copy. Each chunk is copied as it
 * comes, so that chunks die young. Rejects with a `too-large` fault rather than fill the memory.
 */
export async function readBody(stream: Readable): Promise<Body> {
  let buffer = new ArrayBuffer(ROOM)
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    const needed = bytes + chunk.length
    if (needed > LARGEST) {
      stream.destroy()
      throw new CallFault('too-large', `Google's answer is larger than ${LARGEST} bytes.`)
    }
    if (needed > buffer.byteLength) buffer = buffer.transfer(Math.min(LARGEST, Math.max(needed, buffer.byteLength * 2)))
    new Uint8Array(buffer, bytes).set(chunk)
    bytes = needed
  }
  return new Uint8Array(buffer, 0, bytes)
}
