import { PassThrough, pipeline, type Readable } from 'node:stream'

/** Makes of the bytes of a stream others, piece by piece and no faster than they are taken. */
export type Derivation = (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>

/**
 * A stream of what is made of another one. Whoever destroys it destroys the source; an error of either ends both, so that
 * nobody takes a part for the whole.
 */
export function derive(source: Readable, derivation: Derivation): Readable {
  // What fails is told by the stream itself.
  const derived = pipeline(source, derivation, new PassThrough(), () => undefined)
  // The pipeline would only see it with the next piece of a source that may have stalled.
  return derived.once('close', () => source.destroy())
}
