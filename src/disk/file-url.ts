import platformPath, { type PlatformPath } from 'node:path'
import { isWindowsName } from './windows-names.ts'

/** The folder that a setting names, or why it names none; completes "STORAGE_URL …". */
export type FolderSetting = { readonly folder: string } | { readonly fault: string }

/**
 * The folder that `file:` and a path names, or a file URL (RFC 8089), by the rules of the platform whose paths these are.
 * On Windows: `file:data\sync`, `file:C:\data`, `file:C:/data`, `file:///C:/data`.
 */
export function folderOf(url: string, path: PlatformPath = platformPath): FolderSetting {
  const folder = url.replace(/^file:(?:\/\/)?/, '')
  if (folder === '') return { fault: 'must name a folder after file:' }
  return path.sep === '\\' ? folderOnWindows(url, path) : { folder }
}

function folderOnWindows(url: string, path: PlatformPath): FolderSetting {
  // An empty host is this machine, and some write none before a drive.
  const named = url.replace(/^file:(?:\/\/(?=[\\/]|[A-Za-z]:))?/, '').replace(/^[\\/](?=[A-Za-z]:)/, '')
  if (/^[\\/]{2}/.test(named)) {
    return { fault: 'must be a folder on a disk of this machine: a share of another one cannot keep it safe' }
  }
  const [, drive = '', below = ''] = /^([A-Za-z]:)?(.*)$/s.exec(named) ?? []
  if (drive !== '' && !/^[\\/]/.test(below)) {
    return { fault: `must name a folder from the root of the drive, such as file:${drive}\\data` }
  }
  const names = below.split(/[\\/]+/).filter((name) => name !== '' && name !== '.' && name !== '..')
  const isAllowed = names.every(isWindowsName)
  return isAllowed ? { folder: path.normalize(named) } : { fault: 'must name a folder that Windows allows' }
}
