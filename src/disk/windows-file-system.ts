import type { FileSystem } from '../ports/file-system.ts'

/**
 * The file system as Windows has it, with what the port promises put right: paths come back as they were given, and
 * there is no fsync of a folder (a handle for FlushFileBuffers needs write access, which libuv does not ask for of a
 * folder), so the names in it are durable when NTFS has written its own log.
 */
export function onWindows(fs: FileSystem): FileSystem {
  return {
    ...fs,
    makeFolder: async (path) => withoutNamespace(await fs.makeFolder(path)),
    syncFolder: async (path) => {
      if ((await fs.stat(path)) !== undefined) return
      throw Object.assign(new Error(`ENOENT: no such folder, fsync '${path}'`), { code: 'ENOENT', syscall: 'fsync' })
    },
  }
}

/** `mkdir` answers with `\\?\C:\…`, which is how Node asks for paths of more than 260 characters. */
function withoutNamespace(path: string | undefined): string | undefined {
  return path?.replace(/^\\\\\?\\(?:UNC\\)?/, (prefix) => (prefix.length > 4 ? '\\\\' : ''))
}
