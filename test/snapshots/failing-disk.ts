import type { EventEmitter } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import { type DiskFs, nodeDisk } from '../../src/snapshots/disk.ts'

export interface Fault {
  /** Which call fails, counted from 1; with `short` and `partial`, which write. */
  readonly at: number
  /**
   * `once`: that call; `forever`: that and every later one; `short`: a write takes half its bytes, then
   * fails; `partial`: it takes half its bytes and says so, which is no failure.
   */
  readonly how: 'once' | 'forever' | 'short' | 'partial'
  readonly code: string
}

const FS_CALLS = ['open', 'mkdir', 'readdir', 'lstat', 'rename', 'rmdir', 'unlink', 'rm', 'readFile'] as const
const HANDLE_CALLS: readonly PropertyKey[] = ['write', 'read', 'sync', 'stat', 'close']

/** A disk on which one call fails. `calls` tells what was called so far, `open` what was opened and not closed. */
export function failingDisk(fault: Fault): {
  readonly fs: DiskFs
  readonly calls: string[]
  readonly open: Set<string>
} {
  const calls: string[] = []
  const open = new Set<string>()
  const mustFail = (name: string) => {
    if ((fault.how === 'short' || fault.how === 'partial') && name !== 'write') return false
    calls.push(name)
    return fault.how === 'forever' ? calls.length >= fault.at : calls.length === fault.at
  }
  const failure = (name: string) =>
    Object.assign(new Error(`${fault.code}: injected, ${name}`), { code: fault.code, syscall: name })

  const wrapHandle = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property)
        if (typeof value !== 'function') return value
        const call = (...args: unknown[]) => Reflect.apply(value, target, args)
        if (!HANDLE_CALLS.includes(property)) return call
        return async (...args: unknown[]) => {
          if (!mustFail(String(property))) return call(...args)
          // close(2) lets go of the descriptor even when it reports an error.
          if (property === 'close') await call()
          const [bytes, offset, length, position] = args
          const half = () => call(bytes, offset, Number(length) >> 1, position)
          if (property === 'write' && fault.how === 'partial') return half()
          if (property === 'write' && fault.how === 'short') await half()
          throw failure(String(property))
        }
      },
    })
  const wrapCall = (name: (typeof FS_CALLS)[number]) => {
    const real = nodeDisk[name] as (...args: unknown[]) => Promise<unknown>
    return async (...args: unknown[]) => {
      if (mustFail(name)) throw failure(name)
      const result = await real(...args)
      if (name !== 'open') return result
      // Node's types leave out that a FileHandle tells when it is closed.
      const handle = result as FileHandle & EventEmitter
      const label = `${handle.fd} ${args[0]}`
      open.add(label)
      handle.on('close', () => open.delete(label))
      return wrapHandle(handle)
    }
  }
  return { fs: Object.fromEntries(FS_CALLS.map((name) => [name, wrapCall(name)])) as unknown as DiskFs, calls, open }
}
