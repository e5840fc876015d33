import type { FileSystem } from '../ports/file-system.ts'
import { ignoreErrno } from './disk-errors.ts'

/**
 * Writes all of the bytes, from a position in the file on if one is given; one write call may take fewer than it was
 * given (write(2)).
 */
export async function writeAll(
  fs: FileSystem,
  descriptor: number,
  bytes: Uint8Array,
  position?: number,
): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    const written = await fs.write(descriptor, bytes, offset, position === undefined ? undefined : position + offset)
    if (written === 0) throw Object.assign(new Error('write took no bytes'), { code: 'EIO', syscall: 'write' })
    offset += written
  }
}

/** Writes a whole file in place of what has the path, and fsyncs it; its directory entry is not yet durable. */
export async function writeFileDurably(fs: FileSystem, path: string, text: string): Promise<void> {
  await withOpen(fs, fs.openToReplace(path), async (descriptor) => {
    await writeAll(fs, descriptor, Buffer.from(text))
    await fs.sync(descriptor)
  })
}

/** The text of a file; `undefined` when there is none. */
export async function readText(fs: FileSystem, path: string): Promise<string | undefined> {
  return (await ignoreErrno(fs.read(path), 'ENOENT', 'ENOTDIR'))?.bytes.toString()
}

/** Reads the first `length` bytes of a file; a shorter file is an error. */
export async function* readFirst(fs: FileSystem, path: string, length: number): AsyncGenerator<Buffer> {
  if (length === 0) return
  let position = 0
  for await (const chunk of fs.stream(await fs.openToRead(path), { start: 0, end: length - 1 })) {
    position += chunk.length
    yield chunk
  }
  if (position < length) throw new RangeError(`the file ends after ${position} of ${length} bytes`)
}

/** All names in a folder; none when there is no such folder. */
export async function namesIn(fs: FileSystem, path: string): Promise<string[]> {
  return (await ignoreErrno(Array.fromAsync(fs.list(path)), 'ENOENT', 'ENOTDIR'))?.flat() ?? []
}

/** Runs work on a file that is being opened, and closes it however that ends. */
export async function withOpen<T>(
  fs: FileSystem,
  opening: Promise<number>,
  work: (descriptor: number) => Promise<T>,
): Promise<T> {
  const descriptor = await opening
  try {
    return await work(descriptor)
  } finally {
    await fs.close(descriptor)
  }
}
