import { withOpen, writeAll } from '../../../disk/file-operations.ts'
import type { FileSystem } from '../../../ports/file-system.ts'
import type { DayFiles } from './history-day.ts'

const BUFFER_BYTES = 256 * 1024

/**
 * Puts a whole new index in the place of what has the path, durably; whoever reads sees the one or the other. With the
 * lock only, for the unfinished file has one name. `fill` writes it, in pieces of any size.
 */
export async function replaceIndex(
  fs: FileSystem,
  { folder }: DayFiles,
  path: string,
  fill: (write: (bytes: Buffer) => Promise<void>) => Promise<void>,
): Promise<void> {
  const unfinished = `${path}.new`
  await withOpen(fs, fs.openToReplace(unfinished), async (descriptor) => {
    let pieces: Buffer[] = []
    let length = 0
    const flush = async () => {
      const bytes = Buffer.concat(pieces)
      pieces = []
      length = 0
      await writeAll(fs, descriptor, bytes)
    }
    await fill(async (bytes) => {
      pieces.push(bytes)
      length += bytes.length
      if (length >= BUFFER_BYTES) await flush()
    })
    await flush()
    await fs.sync(descriptor)
  })
  await fs.rename(unfinished, path)
  await fs.syncFolder(folder)
}
