import type { FileIdentity, FileSystem } from '../../ports/file-system.ts'

/** Tells one version of a record from every other: see `TempFiles.write` for why its time of modification does that. */
export function versionOf({ modifiedMicros, size }: FileIdentity): string {
  return `${modifiedMicros}-${size}`
}

/** Whether both are the same version, in the same file. */
export function isSameVersion(one: FileIdentity, other: FileIdentity): boolean {
  return one.modifiedMicros === other.modifiedMicros && one.size === other.size && one.inode === other.inode
}

/** The microseconds of the time of modification that a file of this revision is given. */
export function microsOf({ modifiedStep = 1 }: FileSystem, revision: number): number {
  return (revision * modifiedStep) % 1_000_000
}
