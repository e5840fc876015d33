import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'

export type FaultyCall = keyof FileSystem

/** Calls that take a new descriptor: only they can find none left, and they have no effect when they fail. */
const OPENING: ReadonlySet<FaultyCall> = new Set([
  'openNew',
  'openToAppend',
  'openToReplace',
  'openToWrite',
  'openToRead',
  'syncFolder',
  'read',
  'readNow',
  'list',
])

/** What goes wrong: before the call has any effect, after all of it, or (`write` alone) after half of it. */
export interface Fault {
  /** `short write`: a write takes half of its bytes and says so, which is no failure. */
  readonly code: 'EIO' | 'ENOSPC' | 'EMFILE' | 'EROFS' | 'short write'
  /** The how-manieth call fails, counted from 1. */
  readonly nth: number
  /** Whether every call after it fails too. */
  readonly forEver: boolean
  /** Which calls count; all of them when absent. */
  readonly only?: FaultyCall
  readonly afterEffect?: boolean
  /** A write takes half of its bytes, then fails. */
  readonly afterHalf?: boolean
}

/** A file system, the real one by default, with one fault to come. fsync is left out, for it takes most of the time and nothing is cut off here. */
export class FaultyFileSystem {
  readonly fs: FileSystem
  /** What was opened and not closed. */
  readonly open = new Set<number>()
  readonly #real: FileSystem
  #fault: Fault | undefined
  #calls = 0
  #struck = false

  constructor(real: FileSystem = nodeFileSystem) {
    this.#real = real
    const around =
      <A extends unknown[], R>(name: FaultyCall, call: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        const fails = this.#strikes(name)
        if (fails && (this.#fault?.afterEffect !== true || OPENING.has(name))) throw this.#error(name)
        const result = await call(...args)
        if (fails) throw this.#error(name)
        return result
      }
    const opening = (name: FaultyCall, call: (path: string) => Promise<number>) => {
      const faulty = around(name, call)
      return async (path: string) => {
        const descriptor = await faulty(path)
        this.open.add(descriptor)
        return descriptor
      }
    }
    this.fs = {
      modifiedStep: real.modifiedStep ?? 1,
      makeFolder: around('makeFolder', real.makeFolder),
      makeSubfolder: around('makeSubfolder', real.makeSubfolder),
      openNew: opening('openNew', real.openNew),
      openToAppend: opening('openToAppend', real.openToAppend),
      openToReplace: opening('openToReplace', real.openToReplace),
      openToWrite: opening('openToWrite', real.openToWrite),
      openToRead: opening('openToRead', real.openToRead),
      write: async (descriptor, bytes, offset, position) => {
        const isHalf = this.#fault?.code === 'short write' || this.#fault?.afterHalf === true
        if (!isHalf) return around('write', real.write)(descriptor, bytes, offset, position)
        if (!this.#strikes('write')) return real.write(descriptor, bytes, offset, position)
        const half = bytes.subarray(0, offset + Math.ceil((bytes.length - offset) / 2))
        const written = await real.write(descriptor, half, offset, position)
        if (this.#fault?.afterHalf === true) throw this.#error('write')
        return written
      },
      stream: (descriptor, range) => {
        const stream = real.stream(descriptor, range).once('close', () => this.open.delete(descriptor))
        return this.#strikes('stream') ? stream.destroy(this.#error('stream')) : stream
      },
      setModified: around('setModified', real.setModified),
      sync: around('sync', async () => {}),
      // A close that fails has closed all the same (close(2)).
      close: async (descriptor) => {
        this.open.delete(descriptor)
        await real.close(descriptor)
        if (this.#strikes('close')) throw this.#error('close')
      },
      read: around('read', real.read),
      truncate: around('truncate', real.truncate),
      readNow: (path) => {
        if (this.#strikes('readNow')) throw this.#error('readNow')
        return real.readNow(path)
      },
      link: around('link', real.link),
      rename: around('rename', real.rename),
      unlink: around('unlink', real.unlink),
      syncFolder: around('syncFolder', async (path) => {
        await real.close(await real.openToRead(path))
      }),
      removeFolder: around('removeFolder', real.removeFolder),
      removeTree: around('removeTree', real.removeTree),
      stat: around('stat', real.stat),
      list: (path) => this.#list(path),
      identify: (path) => {
        if (this.#strikes('identify')) throw this.#error('identify')
        return real.identify(path)
      },
      identifyOpen: real.identifyOpen,
      volume: around('volume', real.volume),
    }
  }

  /** Whether the fault has struck since it was set. */
  get struck(): boolean {
    return this.#struck
  }

  set(fault: Fault | undefined): void {
    this.#fault = fault
    this.#calls = 0
    this.#struck = false
  }

  async *#list(path: string): AsyncIterable<readonly string[]> {
    if (this.#strikes('list')) throw this.#error('list')
    yield* this.#real.list(path)
  }

  #strikes(name: FaultyCall): boolean {
    const fault = this.#fault
    if (fault === undefined || (fault.only !== undefined && fault.only !== name)) return false
    if (fault.code === 'short write' && name !== 'write') return false
    if (fault.code === 'EMFILE' && !OPENING.has(name)) return false
    this.#calls++
    const strikes = fault.forEver ? this.#calls >= fault.nth : this.#calls === fault.nth
    this.#struck ||= strikes
    return strikes
  }

  #error(name: string): Error {
    const code = this.#fault?.code ?? 'EIO'
    return Object.assign(new Error(`${code}: injected at ${name}`), { code, syscall: name })
  }
}
