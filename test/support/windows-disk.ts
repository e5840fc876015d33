import { relative, sep } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { nodeFiles } from '../../src/disk/node-file-system.ts'
import { onWindows } from '../../src/disk/windows-file-system.ts'
import type { FileIdentity, FileSystem } from '../../src/ports/file-system.ts'
import { foldedNames } from './folded-names.ts'

/** The disk as the service sees it on Windows. Whoever lets go here does so at once, so the pauses are short. */
export function windowsDisk(root: string): FileSystem {
  return onWindows(windowsRules(root), () => wait(1))
}

/** Every so many calls that a virus scanner may hold up are held up by one. */
const SCANNED = 7

/** As Microsoft's "Naming Files, Paths, and Namespaces" has it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const FORBIDDEN = /[<>:"|?*\\\0-\x1f]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i

/**
 * What NTFS and libuv make of the calls, on the real disk below `root`: names differ by more than case; none that Windows
 * forbids is ever used; no fsync of a folder, no rename onto a folder, onto a file that is open, or of a folder with a file
 * that is open; numbers of files longer than a double is exact; times as a FILETIME holds them; and virus scanners. A file
 * that is open can be removed and renamed, as libuv opens it so (FILE_SHARE_DELETE) and removes it with POSIX semantics.
 */
export function windowsRules(root: string): FileSystem {
  const real = nodeFiles({ ntfs: true })
  const disk = foldedNames(real, root, (name) => name.toLowerCase())
  /** Path of each open file, by descriptor; by an object while it is read at once. */
  const open = new Map<unknown, string>()
  let calls = 0
  const key = (path: string) => path.toLowerCase()
  const isBelow = (path: string, folder: string) => path.startsWith(key(folder) + sep)
  const isFolder = async (path: string) => (await disk.stat(path))?.type === 'folder'
  const refuse = (code: string, call: string) => {
    throw Object.assign(new Error(`${code}: ${call} on Windows`), { code, syscall: call })
  }
  const enter = (call: string, ...paths: string[]) => {
    for (const path of paths) {
      for (const name of relative(root, path).split(sep)) {
        if (name !== '' && name !== '..' && FORBIDDEN.test(name)) throw new Error(`Windows forbids the name ${name}`)
      }
    }
    calls++
    if (calls % SCANNED === 0) refuse(['EPERM', 'EACCES', 'EBUSY'][calls % 3] ?? '', call)
  }
  const opening = (name: string, call: (path: string) => Promise<number>) => async (path: string) => {
    enter(name, path)
    const descriptor = await call(path)
    open.set(descriptor, key(path))
    return descriptor
  }
  const withSequence = <T extends FileIdentity>(identity: T): T => ({
    ...identity,
    inode: (0x9a7fn << 48n) | BigInt(identity.inode),
  })
  return {
    ...disk,
    makeFolder: async (path) => {
      enter('mkdir', path)
      const made = await disk.makeFolder(path)
      return made && `\\\\?\\${made}`
    },
    makeSubfolder: async (path) => {
      enter('mkdir', path)
      await disk.makeSubfolder(path)
    },
    openNew: opening('open', disk.openNew),
    openToAppend: opening('open', disk.openToAppend),
    openToReplace: opening('open', disk.openToReplace),
    openToWrite: opening('open', disk.openToWrite),
    openToRead: opening('open', disk.openToRead),
    // A FILETIME, in tenths of a microsecond since 1601, that was a double.
    setModified: (descriptor, seconds) => disk.setModified(descriptor, Math.round(seconds * 625_000) / 625_000 + 1e-8),
    stream: (descriptor, range) => disk.stream(descriptor, range).once('close', () => open.delete(descriptor)),
    close: async (descriptor) => {
      await disk.close(descriptor)
      open.delete(descriptor)
    },
    read: async (path, position) => {
      enter('open', path)
      const reader = {}
      open.set(reader, key(path))
      try {
        const { bytes, identity } = await disk.read(path, position)
        return { bytes, identity: withSequence(identity) }
      } finally {
        open.delete(reader)
      }
    },
    readNow: (path) => {
      enter('open', path)
      const { bytes, identity } = disk.readNow(path)
      return { bytes, identity: withSequence(identity) }
    },
    link: async (existing, path) => {
      enter('link', existing, path)
      await disk.link(existing, path)
    },
    rename: async (from, to) => {
      enter('rename', from, to)
      const held = [...open.values()]
      if (held.includes(key(to)) || held.some((path) => isBelow(path, from))) refuse('EPERM', 'rename')
      if (await isFolder(to)) refuse('EPERM', 'rename')
      await disk.rename(from, to)
      for (const [file, path] of open) {
        if (path === key(from)) open.set(file, key(to))
      }
    },
    unlink: async (path) => {
      enter('unlink', path)
      await disk.unlink(path)
      for (const [file, opened] of open) if (opened === key(path)) open.set(file, '')
    },
    // Takes most of the time, and nothing is cut off here.
    sync: async () => {},
    syncFolder: async () => refuse('EPERM', 'fsync'),
    removeFolder: async (path) => {
      enter('rmdir', path)
      await disk.removeFolder(path)
    },
    removeTree: async (path) => {
      enter('rm', path)
      await disk.removeTree(path)
      for (const [file, opened] of open) if (opened === key(path) || isBelow(opened, path)) open.set(file, '')
    },
    stat: async (path) => {
      const found = await disk.stat(path)
      return found && withSequence(found)
    },
    identify: (path) => {
      const found = disk.identify(path)
      return found && withSequence(found)
    },
    identifyOpen: (descriptor) => withSequence(disk.identifyOpen(descriptor)),
    volume: async () => ({ kind: 0, freeBytes: Number.MAX_SAFE_INTEGER }),
  }
}
