import * as fs from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { FileIdentity, FileStatus, FileSystem } from '../ports/file-system.ts'
import { ignoreErrno } from './disk-errors.ts'
import { withOpen } from './file-operations.ts'
import { isWindows } from './platform.ts'
import { onWindows } from './windows-file-system.ts'

const NAMES_AT_A_TIME = 512

/** What `readNow` reads into, unless the file is longer. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

/** Windows has no O_NOFOLLOW. */
const { O_RDONLY, O_NOFOLLOW = 0 } = fs.constants

const open = promisify(fs.open)
const write = promisify(fs.write)
const read = promisify(fs.read)
const fstat = promisify(fs.fstat)
const lstat = promisify(fs.lstat)
const fsync = promisify(fs.fsync)
const close = promisify(fs.close)

/** Microseconds; libuv makes a FILETIME out of a double, which is then off by up to 1.1 of them. */
const NTFS_MODIFIED_STEP = 4

/**
 * The calls of Node. `ntfs`: with inodes as bigints, for a file of NTFS has a number of 64 bits, the upper 16 of which
 * count how often its place was used; as a double it looks like that of its neighbours.
 */
export function nodeFiles({ ntfs }: { readonly ntfs: boolean }): FileSystem {
  const options = { bigint: ntfs }
  const orAbsent = { ...options, throwIfNoEntry: false } as const
  const files: FileSystem = {
    modifiedStep: ntfs ? NTFS_MODIFIED_STEP : 1,
    makeFolder: (path) => fs.promises.mkdir(path, { recursive: true }),
    makeSubfolder: (path) => fs.promises.mkdir(path),
    openNew: (path) => open(path, 'wx'),
    openToAppend: (path) => open(path, 'a'),
    openToReplace: (path) => open(path, 'w'),
    openToWrite: (path) => open(path, 'r+'),
    openToRead: (path) => open(path, O_RDONLY | O_NOFOLLOW),
    write: async (descriptor, bytes, offset, position) =>
      (await write(descriptor, bytes, offset, bytes.length - offset, position ?? null)).bytesWritten,
    stream: (descriptor, range) => fs.createReadStream('', { fd: descriptor, ...range }),
    setModified: (descriptor, seconds) => promisify(fs.futimes)(descriptor, seconds, seconds),
    sync: fsync,
    close,
    truncate: promisify(fs.truncate),
    read: (path, position = 0, atMost = Number.POSITIVE_INFINITY) =>
      withOpen(files, open(path, 'r'), async (descriptor) => {
        const stats = await fstat(descriptor, options)
        const bytes = Buffer.allocUnsafe(Math.min(atMost, Math.max(0, Number(stats.size) - position)))
        let length = 0
        while (length < bytes.length) {
          const { bytesRead } = await read(descriptor, bytes, length, bytes.length - length, position + length)
          if (bytesRead === 0) break
          length += bytesRead
        }
        return { bytes: bytes.subarray(0, length), identity: identityOf(stats) }
      }),
    readNow(path) {
      const descriptor = fs.openSync(path, 'r')
      try {
        const stats = fs.fstatSync(descriptor, options)
        const size = Number(stats.size)
        const bytes = size <= scratch.length ? scratch : Buffer.allocUnsafe(size)
        let length = 0
        while (length < size) {
          const bytesRead = fs.readSync(descriptor, bytes, length, size - length, length)
          if (bytesRead === 0) break
          length += bytesRead
        }
        return { bytes: bytes.subarray(0, length), identity: identityOf(stats) }
      } finally {
        fs.closeSync(descriptor)
      }
    },
    link: promisify(fs.link),
    rename: promisify(fs.rename),
    unlink: promisify(fs.unlink),
    syncFolder: (path) => withOpen(files, open(path, 'r'), fsync),
    removeFolder: promisify(fs.rmdir),
    removeTree: (path) => fs.promises.rm(path, { recursive: true, force: true }),
    async stat(path) {
      const stats = await ignoreErrno(lstat(path, options), 'ENOENT', 'ENOTDIR')
      return stats && statusOf(stats)
    },
    async *list(path) {
      const folder = await fs.promises.opendir(path, { bufferSize: NAMES_AT_A_TIME })
      try {
        let names: string[] = []
        // Synchronous, for a promise for each name takes three times as long; it reads so many names at a time too.
        for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
          if (names.push(entry.name) < NAMES_AT_A_TIME) continue
          yield names
          await setImmediate()
          names = []
        }
        if (names.length > 0) yield names
      } finally {
        await folder.close()
      }
    },
    identify(path) {
      const stats = fs.statSync(path, orAbsent)
      return stats === undefined ? undefined : identityOf(stats)
    },
    identifyOpen: (descriptor) => statusOf(fs.fstatSync(descriptor, options)),
    async volume(path) {
      const { type, bavail, bsize } = await fs.promises.statfs(path)
      return { kind: type, freeBytes: bavail * bsize }
    },
  }
  return files
}

/** The disks of this machine. */
export const nodeFileSystem: FileSystem = isWindows ? onWindows(nodeFiles({ ntfs: true })) : nodeFiles({ ntfs: false })

/**
 * What Node tells of a file, as the port has it. Milliseconds as a double are off by up to a quarter of a microsecond, so one
 * that is rounded down may be the one before: for the same file always the same. What a writer sets (`temp-files.ts`) is
 * the middle of a microsecond, and exact.
 */
export function identityOf(stats: fs.Stats | fs.BigIntStats): FileIdentity {
  if (typeof stats.ino === 'number') {
    const { ino, birthtimeMs, mtimeMs, size } = stats as fs.Stats
    const bornMicros = Math.floor(birthtimeMs * 1000)
    return { inode: ino, bornMicros, modifiedMicros: Math.floor(mtimeMs * 1000), size }
  }
  const { ino, birthtimeNs, mtimeNs, size } = stats as fs.BigIntStats
  const steps = Number(mtimeNs / BigInt(NTFS_MODIFIED_STEP * 1000))
  const [bornMicros, modifiedMicros] = [Number(birthtimeNs / 1000n), steps * NTFS_MODIFIED_STEP]
  return { inode: ino, bornMicros, modifiedMicros, size: Number(size) }
}

function statusOf(stats: fs.Stats | fs.BigIntStats): FileStatus {
  return { ...identityOf(stats), type: stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other' }
}
