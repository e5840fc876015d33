import { basename, dirname } from 'node:path'
import type { FileIdentity, FileSystem } from '../../../src/ports/file-system.ts'
import type { Random } from './random.ts'

interface Inode {
  readonly number: number
  readonly bornMicros: number
  bytes: Buffer
  modifiedMicros: number
  /** What a power cut leaves of the bytes for certain. */
  syncedBytes: Buffer | undefined
}

/** One change of a name; all of them reach the disk in this order, as those of a journalling file system do. */
type NameChange = { readonly path: string; readonly inode: Inode | undefined }

/** Runs before each call of a process: it may wait, reject as the call would, or never go on. */
export type Gate = (call: string) => Promise<void>

/** Milliseconds between two ticks of the clock that stamps files. */
const TICK_MS = 4

/** Only snapshots make these calls, and the worlds have none. */
const notSimulated = () => {
  throw new Error('the simulated disk holds no snapshots')
}
const CALLS_OF_SNAPSHOTS = {
  openToWrite: notSimulated,
  openToRead: notSimulated,
  stream: notSimulated,
  removeFolder: notSimulated,
  makeSubfolder: notSimulated,
  removeTree: notSimulated,
  stat: notSimulated,
} satisfies Partial<FileSystem>

/**
 * A disk in memory that several simulated processes share, as mean as a real one may be: it uses inode numbers again at
 * once, stamps files by a coarse clock, writes short, and loses in a power cut whatever was not synced.
 */
export class VirtualDisk {
  readonly #random: Random
  readonly #now: () => number
  #folders = new Map<string, Map<string, Inode>>()
  /** As of the last power cut, and what has happened since. */
  #durable = new Map<string, Map<string, Inode>>()
  #changes: NameChange[] = []
  /** How many of the changes are on the disk for certain. */
  #committed = 0
  #nextDescriptor = 3
  readonly #open = new Map<number, Inode>()
  /** Called after each change of a name. */
  onChange: (path: string) => void = () => {}

  constructor(random: Random, now: () => number) {
    this.#random = random
    this.#now = now
  }

  /** The names in a folder. */
  names(folder: string): readonly string[] {
    return [...(this.#folders.get(folder)?.keys() ?? [])]
  }

  /** What lies there now, for checks: the text, or `undefined` where there is nothing to read. */
  text(path: string): string | undefined {
    return this.#find(path)?.bytes.toString('utf8')
  }

  /** Loses everything that was not certain to be on the disk, and keeps some of it all the same. */
  cutPower(): void {
    const kept = this.#committed + this.#random.below(this.#changes.length - this.#committed + 1)
    const folders = copyOf(this.#durable)
    for (const folder of this.#folders.keys()) if (!folders.has(folder)) folders.set(folder, new Map())
    for (const { path, inode } of this.#changes.slice(0, kept)) {
      const folder = folders.get(dirname(path))
      if (inode === undefined) folder?.delete(basename(path))
      else folder?.set(basename(path), inode)
    }
    const survivors = new Map<Inode, Inode>()
    for (const folder of folders.values()) {
      for (const [name, inode] of folder) {
        const survivor = survivors.get(inode) ?? this.#survivorOf(inode)
        survivors.set(inode, survivor)
        folder.set(name, survivor)
      }
    }
    this.#folders = folders
    this.#durable = copyOf(folders)
    this.#changes = []
    this.#committed = 0
    this.#open.clear()
  }

  /** The disk as one process sees it. */
  viewThrough(gate: Gate): FileSystem {
    const disk = this
    return {
      ...CALLS_OF_SNAPSHOTS,
      async makeFolder(path) {
        await gate('mkdir')
        if (disk.#folders.has(path)) return undefined
        disk.#folders.set(path, new Map())
        disk.#durable.set(path, new Map())
        return path
      },
      async openNew(path) {
        await gate('open')
        if (disk.#find(path) !== undefined) throw errno('EEXIST', 'open')
        const inode = disk.#newInode()
        disk.#setName(path, inode)
        return disk.#descriptorOf(inode)
      },
      async openToAppend(path) {
        await gate('open')
        const found = disk.#find(path) ?? disk.#newInode()
        if (disk.#find(path) === undefined) disk.#setName(path, found)
        return disk.#descriptorOf(found)
      },
      async openToReplace(path) {
        await gate('open')
        // Emptied: a power cut may leave any part of what is written from now on, or nothing.
        const inode = disk.#newInode()
        disk.#setName(path, inode)
        return disk.#descriptorOf(inode)
      },
      async truncate(path, length) {
        await gate('open')
        const inode = disk.#find(path)
        if (inode === undefined) throw errno('ENOENT', 'open')
        await gate('ftruncate')
        inode.bytes = inode.bytes.subarray(0, length)
        // Nothing says when the shorter length is on the disk; the bytes before it were there.
        if ((inode.syncedBytes?.length ?? 0) > length) inode.syncedBytes = inode.bytes
        inode.modifiedMicros = disk.#tickMicros()
      },
      async write(descriptor, bytes, offset) {
        await gate('write')
        const inode = disk.#inodeOf(descriptor)
        const left = bytes.length - offset
        const length = disk.#random.chance(0.02) ? 1 + disk.#random.below(left) : left
        inode.bytes = Buffer.concat([inode.bytes, bytes.subarray(offset, offset + length)])
        inode.modifiedMicros = disk.#tickMicros()
        return length
      },
      async setModified(descriptor, seconds) {
        await gate('futimes')
        disk.#inodeOf(descriptor).modifiedMicros = Math.floor(seconds * 1_000_000)
      },
      async sync(descriptor) {
        await gate('fsync')
        const inode = disk.#inodeOf(descriptor)
        inode.syncedBytes = inode.bytes
        disk.#committed = disk.#changes.length
      },
      async close(descriptor) {
        await gate('close')
        if (!disk.#open.delete(descriptor)) throw errno('EBADF', 'close')
      },
      async read(path, position = 0, length = Number.POSITIVE_INFINITY) {
        await gate('open')
        const inode = disk.#find(path)
        if (inode === undefined) throw errno('ENOENT', 'open')
        await gate('read')
        return { bytes: inode.bytes.subarray(position, position + length), identity: identityOf(inode) }
      },
      readNow(path) {
        const inode = disk.#find(path)
        if (inode === undefined) throw errno('ENOENT', 'open')
        return { bytes: inode.bytes, identity: identityOf(inode) }
      },
      async link(existing, path) {
        await gate('link')
        const inode = disk.#find(existing)
        if (inode === undefined) throw errno('ENOENT', 'link')
        if (disk.#find(path) !== undefined) throw errno('EEXIST', 'link')
        disk.#setName(path, inode)
      },
      async rename(from, to) {
        await gate('rename')
        const inode = disk.#find(from)
        if (inode === undefined) throw errno('ENOENT', 'rename')
        disk.#setName(to, inode)
        disk.#setName(from, undefined)
      },
      async unlink(path) {
        await gate('unlink')
        if (disk.#find(path) === undefined) throw errno('ENOENT', 'unlink')
        disk.#setName(path, undefined)
      },
      async syncFolder() {
        await gate('open')
        await gate('fsync')
        disk.#committed = disk.#changes.length
        await gate('close')
      },
      async *list(path) {
        await gate('readdir')
        const names = disk.names(path)
        for (let start = 0; start < names.length; start += 3) {
          yield names.slice(start, start + 3)
          await gate('readdir')
        }
      },
      identify(path) {
        const inode = disk.#find(path)
        return inode === undefined ? undefined : identityOf(inode)
      },
      identifyOpen: (descriptor) => ({ ...identityOf(disk.#inodeOf(descriptor)), type: 'file' }),
      async volume() {
        await gate('statfs')
        return { kind: 0xef53, freeBytes: Number.MAX_SAFE_INTEGER }
      },
    }
  }

  #find(path: string): Inode | undefined {
    return this.#folders.get(dirname(path))?.get(basename(path))
  }

  #setName(path: string, inode: Inode | undefined): void {
    const folder = this.#folders.get(dirname(path))
    if (folder === undefined) throw errno('ENOENT', 'open')
    if (inode === undefined) folder.delete(basename(path))
    else folder.set(basename(path), inode)
    this.#changes.push({ path, inode })
    this.onChange(path)
  }

  #newInode(): Inode {
    const used = new Set([...this.#open.values()].map((inode) => inode.number))
    for (const folder of this.#folders.values()) for (const { number } of folder.values()) used.add(number)
    let number = 1
    while (used.has(number)) number++
    const now = this.#tickMicros()
    return { number, bornMicros: now, bytes: Buffer.alloc(0), modifiedMicros: now, syncedBytes: undefined }
  }

  #survivorOf(inode: Inode): Inode {
    if (inode.syncedBytes === inode.bytes) return inode
    const length = this.#random.pick([0, inode.syncedBytes?.length ?? 0, this.#random.below(inode.bytes.length + 1)])
    const bytes = inode.bytes.subarray(0, Math.max(length, inode.syncedBytes?.length ?? 0))
    return { ...inode, bytes, syncedBytes: bytes }
  }

  #descriptorOf(inode: Inode): number {
    this.#open.set(this.#nextDescriptor, inode)
    return this.#nextDescriptor++
  }

  #inodeOf(descriptor: number): Inode {
    const inode = this.#open.get(descriptor)
    if (inode === undefined) throw errno('EBADF', 'write')
    return inode
  }

  #tickMicros(): number {
    return Math.floor(this.#now() / TICK_MS) * TICK_MS * 1000
  }
}

export function errno(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall })
}

function identityOf(inode: Inode): FileIdentity {
  const { number, bornMicros, modifiedMicros, bytes } = inode
  return { inode: number, bornMicros, modifiedMicros, size: bytes.length }
}

function copyOf(folders: ReadonlyMap<string, Map<string, Inode>>): Map<string, Map<string, Inode>> {
  return new Map([...folders].map(([path, names]) => [path, new Map(names)]))
}
