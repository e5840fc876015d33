import { availableParallelism } from 'node:os'
import type { Readable, Transform } from 'node:stream'
import { finished } from 'node:stream/promises'
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'
import pLimit from 'p-limit'
import { SharedPlaces } from '../concurrency/shared-places.ts'
import { AppError } from '../errors.ts'
import type { Coding } from './content-codings.ts'
import { derive } from './derived-stream.ts'

/** Answers that are compressed at a time. Each has some 2.5 MB of memory, however slowly it is read. */
const MOST_ANSWERS = 64

/** Bytes in which what repeats is found, as a power of two: more find no more in rows, and take more memory. */
const WINDOW_LOG = 18

const COMPRESSORS = {
  zstd: () =>
    createZstdCompress({
      params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: WINDOW_LOG },
    }),
  gzip: () => createGzip({ level: 6 }),
  br: () =>
    createBrotliCompress({
      params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: WINDOW_LOG },
    }),
} as const satisfies Record<Exclude<Coding, 'identity'>, () => Transform>

/**
 * One piece at a time for each thread that may compress: of the four threads in which Node also reads and syncs files
 * (libuv's pool), half at the most, and a core stays free for the event loop. Answers take turns piece by piece, so a
 * large one delays a small one by milliseconds; a slow reader's takes none.
 */
const turns = pLimit(Math.max(1, Math.min(2, availableParallelism() - 1)))

/** Compresses answers, so many at a time, shared by those who ask for them. */
export class Compression {
  readonly #places = new SharedPlaces({ total: MOST_ANSWERS })

  /**
   * Compresses content as the first of the codings says; leaves it as it is when `identity` is the first, or is among
   * them and there is no place left for the owner. Without either it closes the content and throws TOO_MANY_DOWNLOADS.
   */
  encode(
    content: Readable,
    codings: readonly [Coding, ...Coding[]],
    owner: string,
  ): { coding: Coding; content: Readable } {
    const [coding] = codings
    if (coding === 'identity') return { coding, content }
    const giveBack = this.#places.take(owner)
    if (giveBack === undefined) {
      if (codings.includes('identity')) return { coding: 'identity', content }
      content.destroy()
      const detail = `As many answers as may be now are being compressed for the ${owner}.`
      throw new AppError('TOO_MANY_DOWNLOADS', detail, { retryAfterSeconds: 1 })
    }
    const compressor = COMPRESSORS[coding]()
    const compressed = derive(content, (source) => compress(source, compressor))
    compressor.once('error', (error) => compressed.destroy(error))
    compressed.once('close', () => {
      compressor.destroy()
      giveBack()
    })
    return { coding, content: compressed }
  }
}

async function* compress(source: AsyncIterable<Buffer>, compressor: Transform): AsyncGenerator<Buffer> {
  const pieces: Buffer[] = []
  compressor.on('data', (piece: Buffer) => pieces.push(piece))
  for await (const chunk of source) {
    await turns(() => write(compressor, chunk))
    yield* pieces.splice(0)
  }
  await turns(() => finished(compressor.end()))
  yield* pieces
}

/** Resolves when the bytes are compressed, or nobody wants them any more. */
function write(compressor: Transform, bytes: Buffer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  // Whatever becomes of the compressor, the turn ends.
  compressor.once('close', resolve)
  compressor.write(bytes, () => {
    compressor.off('close', resolve)
    resolve()
  })
  return promise
}
