import type { FileHandle } from 'node:fs/promises'
import * as nodeFs from 'node:fs/promises'
import { errnoOf } from './disk-errors.ts'

/** The calls of `node:fs/promises` that snapshots use; a test puts faults in. */
export type DiskFs = Pick<
  typeof nodeFs,
  'open' | 'mkdir' | 'readdir' | 'lstat' | 'rename' | 'rmdir' | 'unlink' | 'rm' | 'readFile'
>

export const nodeDisk: DiskFs = nodeFs

/** Makes the names in a folder outlive a power cut: fsync of a file does not cover its directory entry (fsync(2)). */
export async function syncFolder(fs: DiskFs, path: string): Promise<void> {
  const handle = await fs.open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes all of the bytes at a position; one write call may take fewer than it was given (write(2)). */
export async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** Writes a whole file and fsyncs it; its directory entry is not yet durable. */
export async function writeWhole(fs: DiskFs, path: string, text: string): Promise<void> {
  const handle = await fs.open(path, 'w')
  try {
    await writeAt(handle, Buffer.from(text), 0)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const CHUNK = 256 * 1024

/** Yields the first `length` bytes of a file; a shorter file is an error. */
export async function* readStart(handle: FileHandle, length: number): AsyncGenerator<Buffer> {
  for (let position = 0; position < length; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, length - position))
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position)
    if (bytesRead === 0) throw new RangeError(`the file ends after ${position} of ${length} bytes`)
    position += bytesRead
    yield chunk.subarray(0, bytesRead)
  }
}

/** Resolves to what the call resolves to, or to `undefined` when it fails with one of these errnos. */
export async function unless<T>(call: Promise<T>, ...errnos: string[]): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (errnos.includes(errnoOf(error) ?? '')) return undefined
    throw error
  }
}

/** Names in a folder; none when there is no such folder. */
export async function namesIn(fs: DiskFs, path: string): Promise<string[]> {
  return (await unless(fs.readdir(path), 'ENOENT', 'ENOTDIR')) ?? []
}
