import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'

// Starts the service with what Node has compiled and stripped of types in an earlier start, which else is half of the
// time until the port is open. JavaScript, for a first TypeScript file would load the compiler that strips the types.

/** Permissions that let others change what is in a folder; with the sticky bit they cannot put another in a file's place. */
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000

// Not there yet at the first start of all: then from now on, for worker threads and what is still to be imported.
useCompileCache()
await import('./server.ts')
useCompileCache()

/**
 * Keeps what Node compiles in a folder within that of the syncs, or else of the snapshots. Never throws: where there is none,
 * or it cannot be written, the service starts without. What is torn or outdated Node compiles anew; several processes may
 * share it (nodejs.org/api/module.html, "Module compile cache").
 *
 * Whoever can write into it decides what this process executes. So it is used only if it is this user's alone, and nobody
 * else can put another in its place: neither can write in any of the folders that lead to it. Windows' permissions are not
 * seen here; there, NODE_COMPILE_CACHE is for the operator to set.
 */
function useCompileCache() {
  if (process.getuid === undefined || module.getCompileCacheDir() !== undefined) return
  const { STORAGE_URL, SNAPSHOT_URL } = process.env
  const url = [STORAGE_URL || 'file:data/sync-status', SNAPSHOT_URL || 'file:data/snapshots'].find((one) =>
    one.startsWith('file:'),
  )
  const folder = url && privateFolder(url.replace(/^file:(?:\/\/)?/, ''), process.getuid())
  if (folder) module.enableCompileCache(folder)
}

/** The folder of the cache in this one, made if need be; `undefined` where it is not safe, or there is none. */
function privateFolder(path, user) {
  try {
    const parent = realpathSync(path)
    if (!isClosed(parent, user)) return undefined
    const folder = join(parent, '.compile-cache')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const made = lstatSync(folder)
    return made.isDirectory() && made.uid === user && (made.mode & 0o077) === 0 ? folder : undefined
  } catch {
    return undefined
  }
}

/** Whether only this user and root can change what is in a folder, and in those that it lies in. */
function isClosed(path, user) {
  const { uid, mode } = lstatSync(path)
  const isShut = (mode & WRITABLE_BY_OTHERS) === 0 || (mode & STICKY) !== 0
  return (uid === user || uid === 0) && isShut && (dirname(path) === path || isClosed(dirname(path), user))
}
