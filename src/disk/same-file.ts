import type { FileIdentity } from '../ports/file-system.ts'

/** Whether both are one file, by whatever names: a file that is made anew may be given the inode number of one that is gone. */
export function isSameFile(one: FileIdentity | undefined, other: FileIdentity | undefined): boolean {
  return one !== undefined && one.inode === other?.inode && one.bornMicros === other.bornMicros
}
