/** What a file is known by from outside: another version of a record always has another identity. */
export interface FileIdentity {
  readonly inode: number
  /** When the inode was made, in microseconds. */
  readonly bornMicros: number
  /** When it was last modified, in microseconds; writers set it, see `temp-files.ts`. */
  readonly modifiedMicros: number
  readonly size: number
}

export interface ReadFile {
  readonly bytes: Buffer
  /** Of the very file that was read, whatever has its name by now. */
  readonly identity: FileIdentity
}

/**
 * The calls of node:fs that the file drivers make, so that a test can fail or delay each of them. Every call is one
 * step for the operating system (`read` and `list` excepted) and fails with the `code` of an errno.
 */
export interface FileSystem {
  /** With all folders above it; resolves to the uppermost one that was made, if any was. */
  makeFolder(path: string): Promise<string | undefined>
  /** Creates a file that must not exist, to be written (`O_EXCL`). */
  openNew(path: string): Promise<number>
  /** Opens a file, created if absent, to write at its end only (`O_APPEND`). */
  openToAppend(path: string): Promise<number>
  openFolder(path: string): Promise<number>
  /** Resolves to how many of the bytes from `offset` on were written; may be fewer than there are. */
  write(descriptor: number, bytes: Uint8Array, offset: number): Promise<number>
  setModified(descriptor: number, seconds: number): Promise<void>
  sync(descriptor: number): Promise<void>
  close(descriptor: number): Promise<void>
  /** Everything from byte `position` on. */
  read(path: string, position?: number): Promise<ReadFile>
  /** Gives the file one more name, which must not exist. */
  link(existing: string, path: string): Promise<void>
  symlink(target: string, path: string): Promise<void>
  readlink(path: string): Promise<string>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** The names in a folder, some at a time, so that a large folder does not hold the event loop. */
  list(path: string): AsyncIterable<readonly string[]>
  /** Looks at once, without a thread in between: some two microseconds where the inode is in memory. */
  identify(path: string): FileIdentity | undefined
  identifyOpen(descriptor: number): FileIdentity
  /** The magic number of the file system (statfs, `f_type`). */
  kind(path: string): Promise<number>
}
