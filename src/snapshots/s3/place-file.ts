import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { AppError } from '../../errors.ts'
import type { Bucket } from './bucket.ts'
import type { DraftFile } from './draft-file.ts'
import { readPieces } from './pieces.ts'

/** Makes a staged file one object under its final key, and makes sure on the way that it is what was staged. */
export async function placeFile(bucket: Bucket, path: string, file: DraftFile): Promise<void> {
  const hash = createHash('sha256')
  let bytes = 0
  async function* content() {
    for await (const chunk of readPieces(bucket, file.pieces)) {
      hash.update(chunk)
      bytes += chunk.length
      yield chunk
    }
  }
  if (file.bytes === 0) await bucket.put(path, '')
  else await bucket.upload(path, Readable.from(content(), { objectMode: false }))
  if (bytes !== file.bytes || hash.digest('hex') !== file.digest()) {
    throw new AppError('STORAGE_UNAVAILABLE', `The staged file ${file.name} is not what was written to it.`)
  }
}
