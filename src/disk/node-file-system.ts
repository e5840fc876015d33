import * as fs from 'node:fs'
import { promisify } from 'node:util'
import type { FileIdentity, FileSystem } from '../ports/file-system.ts'

const NAMES_AT_A_TIME = 512

const open = promisify(fs.open)
const write = promisify(fs.write)
const read = promisify(fs.read)
const fstat = promisify(fs.fstat)
const close = promisify(fs.close)

export const nodeFileSystem: FileSystem = {
  makeFolder: (path) => fs.promises.mkdir(path, { recursive: true }),
  openNew: (path) => open(path, 'wx', 0o644),
  openToAppend: (path) => open(path, 'a', 0o644),
  openFolder: (path) => open(path, 'r'),
  write: async (descriptor, bytes, offset) =>
    (await write(descriptor, bytes, offset, bytes.length - offset, null)).bytesWritten,
  setModified: (descriptor, seconds) => promisify(fs.futimes)(descriptor, seconds, seconds),
  sync: promisify(fs.fsync),
  close,
  async read(path, position = 0) {
    const descriptor = await open(path, 'r')
    try {
      const stats = await fstat(descriptor)
      const bytes = Buffer.allocUnsafe(Math.max(0, stats.size - position))
      let length = 0
      while (length < bytes.length) {
        const { bytesRead } = await read(descriptor, bytes, length, bytes.length - length, position + length)
        if (bytesRead === 0) break
        length += bytesRead
      }
      return { bytes: bytes.subarray(0, length), identity: identityOf(stats) }
    } finally {
      await close(descriptor)
    }
  },
  link: promisify(fs.link),
  symlink: (target, path) => fs.promises.symlink(target, path),
  readlink: (path) => fs.promises.readlink(path),
  rename: promisify(fs.rename),
  unlink: promisify(fs.unlink),
  async *list(path) {
    let names: string[] = []
    for await (const entry of await fs.promises.opendir(path, { bufferSize: NAMES_AT_A_TIME })) {
      if (names.push(entry.name) < NAMES_AT_A_TIME) continue
      yield names
      names = []
    }
    if (names.length > 0) yield names
  },
  identify(path) {
    const stats = fs.statSync(path, { throwIfNoEntry: false })
    return stats === undefined ? undefined : identityOf(stats)
  },
  identifyOpen: (descriptor) => identityOf(fs.fstatSync(descriptor)),
  kind: async (path) => (await fs.promises.statfs(path)).type,
}

function identityOf(stats: fs.Stats): FileIdentity {
  return {
    inode: stats.ino,
    bornMicros: Math.floor(stats.birthtimeMs * 1000),
    modifiedMicros: Math.floor(stats.mtimeMs * 1000),
    size: stats.size,
  }
}
