import { setTimeout as wait } from 'node:timers/promises'
import type { FileSystem } from '../ports/file-system.ts'
import { errnoOf, ignoreErrno, isHeld } from './disk-errors.ts'

/** Milliseconds for which a call that is held up is tried again; virus scanners and readers let go within that. */
const PATIENCE_MS = 1500

const LONGEST_PAUSE_MS = 100

/**
 * The port's promises on Windows, made of what it has:
 *
 * - A rename onto a file that somebody has open, and a removal or an opening of one that a virus scanner looks at, fails
 *   with EPERM, EACCES or EBUSY, without any effect. It is tried again for PATIENCE_MS, with growing pauses.
 * - MoveFileEx replaces no folder; rename(2) replaces an empty one.
 * - There is no fsync of a folder: FlushFileBuffers asks for a handle with write access, which libuv does not open. The
 *   names in it outlive a power cut when NTFS has written its own log.
 * - `mkdir` answers with `\\?\C:\…`, which is how Node asks for paths of more than 260 characters.
 *
 * `identify` waits for nothing, so it is not tried again: reading attributes is refused to nobody. `pause`: for tests.
 */
export function onWindows(fs: FileSystem, pause: (ms: number) => Promise<unknown> = wait): FileSystem {
  const tryAgain = async <T>(call: () => Promise<T>, isPassing = isHeld): Promise<T> => {
    let waited = 0
    for (let next = 2; ; next = Math.min(next * 2, LONGEST_PAUSE_MS)) {
      try {
        return await call()
      } catch (error) {
        if (!isPassing(error) || waited >= PATIENCE_MS) throw error
      }
      await pause(next)
      waited += next
    }
  }
  const patient =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> =>
      tryAgain(() => call(...args))
  const isFolder = async (path: string) => (await fs.stat(path))?.type === 'folder'

  return {
    ...fs,
    makeFolder: async (path) => withoutNamespace(await tryAgain(() => fs.makeFolder(path))),
    makeSubfolder: patient(fs.makeSubfolder),
    openNew: patient(fs.openNew),
    openToAppend: patient(fs.openToAppend),
    openToReplace: patient(fs.openToReplace),
    openToWrite: patient(fs.openToWrite),
    openToRead: patient(fs.openToRead),
    read: patient(fs.read),
    truncate: patient(fs.truncate),
    link: patient(fs.link),
    rename: patient(async (from, to) => {
      try {
        await fs.rename(from, to)
      } catch (error) {
        if (!isHeld(error) || !(await isFolder(to)) || !(await isFolder(from))) throw error
        await fs.removeFolder(to)
        try {
          await fs.rename(from, to)
        } catch (renameError) {
          await ignoreErrno(fs.makeSubfolder(to), 'EEXIST')
          throw renameError
        }
      }
    }),
    unlink: patient(fs.unlink),
    async syncFolder(path) {
      if ((await fs.stat(path)) !== undefined) return
      throw Object.assign(new Error(`ENOENT: no such folder, fsync '${path}'`), { code: 'ENOENT', syscall: 'fsync' })
    },
    removeFolder: patient(fs.removeFolder),
    // Not empty: a file in it is removed, and its name goes when whoever has it open lets go.
    removeTree: (path) =>
      tryAgain(
        () => fs.removeTree(path),
        (error) => isHeld(error) || errnoOf(error) === 'ENOTEMPTY',
      ),
    stat: patient(fs.stat),
  }
}

function withoutNamespace(path: string | undefined): string | undefined {
  return path?.replace(/^\\\\\?\\(?:UNC\\)?/, (prefix) => (prefix.endsWith('UNC\\') ? '\\\\' : ''))
}
