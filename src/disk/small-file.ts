import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'

/** What a path leads to is no file, or is too large; the message goes on where its subject ends: "is no file". */
export class UnfitFile extends Error {
  override readonly name = 'UnfitFile'
}

/**
 * Reads a file of at most so many bytes, or rejects with an {@link UnfitFile}, or an errno. A pipe is opened without waiting
 * for who writes into it, and neither that nor a device, which may have no end, is read.
 */
export async function readSmallFile(path: string, bytesAtMost: number): Promise<Uint8Array> {
  // Windows has no O_NONBLOCK.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw new UnfitFile('is no file')
    const tooLarge = new UnfitFile(`is larger than ${bytesAtMost / 1e6} MB`)
    if (stats.size > bytesAtMost) throw tooLarge
    // It may grow meanwhile.
    const bytes = await buffer(file.createReadStream({ end: bytesAtMost, autoClose: false }))
    if (bytes.length > bytesAtMost) throw tooLarge
    return bytes
  } finally {
    await file.close()
  }
}
