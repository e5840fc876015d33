import { basename, join, relative, sep } from 'node:path'
import type { FileSystem } from '../../src/ports/file-system.ts'

/**
 * A disk for which names that fold to the same are the same name, and which keeps each as it was first given. What lies
 * below `root` is stored under folded names; the root itself must be there.
 */
export function foldedNames(fs: FileSystem, root: string, fold: (name: string) => string): FileSystem {
  /** Folded path below the root to the name as it was given. */
  const given = new Map<string, string>()
  const namesOf = (path: string) => {
    const below = relative(root, path)
    return below === '' || below.startsWith('..') ? [] : below.split(sep)
  }
  const at = (path: string) => {
    const names = namesOf(path)
    return names.length === 0 ? path : join(root, ...names.map(fold))
  }
  const keep = (path: string) => {
    const names = namesOf(path)
    for (const [depth, name] of names.entries()) {
      const key = join(root, ...names.slice(0, depth + 1).map(fold))
      if (!given.has(key)) given.set(key, name)
    }
  }
  const move = (from: string, to: string) => {
    for (const [path, name] of [...given]) {
      if (path !== from && !path.startsWith(from + sep)) continue
      given.delete(path)
      if (path !== from) given.set(to + path.slice(from.length), name)
    }
  }
  const making =
    <T>(call: (path: string) => Promise<T>) =>
    async (path: string) => {
      const result = await call(at(path))
      keep(path)
      return result
    }
  const removing = (call: (path: string) => Promise<void>) => async (path: string) => {
    await call(at(path))
    for (const each of [...given.keys()]) if (`${each}${sep}`.startsWith(at(path) + sep)) given.delete(each)
  }
  return {
    ...fs,
    makeFolder: making(fs.makeFolder),
    makeSubfolder: making(fs.makeSubfolder),
    openNew: making(fs.openNew),
    openToAppend: making(fs.openToAppend),
    openToReplace: making(fs.openToReplace),
    openToWrite: (path) => fs.openToWrite(at(path)),
    openToRead: (path) => fs.openToRead(at(path)),
    read: (path, position) => fs.read(at(path), position),
    readNow: (path) => fs.readNow(at(path)),
    async link(existing, path) {
      await fs.link(at(existing), at(path))
      keep(path)
    },
    async rename(from, to) {
      await fs.rename(at(from), at(to))
      move(at(from), at(to))
      keep(to)
    },
    unlink: removing(fs.unlink),
    syncFolder: (path) => fs.syncFolder(at(path)),
    removeFolder: removing(fs.removeFolder),
    removeTree: removing(fs.removeTree),
    stat: (path) => fs.stat(at(path)),
    async *list(path) {
      for await (const names of fs.list(at(path))) {
        yield names.map((name) => given.get(join(at(path), name)) ?? basename(name))
      }
    },
    identify: (path) => fs.identify(at(path)),
    volume: (path) => fs.volume(at(path)),
  }
}
