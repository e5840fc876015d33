import type { Readable } from 'node:stream'

/** What a file is known by from outside: another version of a record always has another identity. */
export interface FileIdentity {
  /** A bigint where numbers of files are longer than a double is exact. */
  readonly inode: number | bigint
  /** When the inode was made, in microseconds, to the next one or so: for one disk always the same number, with which it is compared. */
  readonly bornMicros: number
  /** When it was last modified, in microseconds, a multiple of `modifiedStep`; writers set it, see `temp-files.ts`. */
  readonly modifiedMicros: number
  readonly size: number
}

export interface FileStatus extends FileIdentity {
  readonly type: 'file' | 'folder' | 'other'
}

export interface ReadFile {
  readonly bytes: Buffer
  /** Of the very file that was read, whatever has its name by now. */
  readonly identity: FileIdentity
}

/**
 * What the file drivers of status and snapshots ask of the disk, so that a test can fail or delay each call, and one
 * driver alone knows the platform. Every call is one step that a crash may come before or after (`read`, `list` and
 * `removeTree` excepted) and fails with the `code` of an errno.
 *
 * Where a file that somebody has open cannot be renamed onto, removed or opened (Windows), the driver tries for a second
 * and a half before it rejects with EPERM, EACCES or EBUSY: such a call may take effect that late, and once it has
 * rejected it has had none.
 */
export interface FileSystem {
  /** Microseconds between two times of modification that it tells apart; 1 when absent. */
  readonly modifiedStep?: number
  /** With all folders above it; resolves to the uppermost one that was made, if any was. */
  makeFolder(path: string): Promise<string | undefined>
  /** Makes a folder, which must not exist, in one that does. */
  makeSubfolder(path: string): Promise<void>
  /** Creates a file that must not exist, to be written (`O_EXCL`). */
  openNew(path: string): Promise<number>
  /** Opens a file, created if absent, to write at its end only (`O_APPEND`). */
  openToAppend(path: string): Promise<number>
  /** Creates a file, or empties the one that is there, to be written. */
  openToReplace(path: string): Promise<number>
  /** Opens a file that is there, to be written at any position. */
  openToWrite(path: string): Promise<number>
  /** Opens a file to be read; follows no symlink (`ELOOP`). */
  openToRead(path: string): Promise<number>
  /**
   * Resolves to how many of the bytes from `offset` on were written; may be fewer than there are. They go to a position
   * in the file, or after what was written before when none is given.
   */
  write(descriptor: number, bytes: Uint8Array, offset: number, position?: number): Promise<number>
  /** Streams an open file, or its bytes from `start` to `end` inclusive, and closes it when the stream is destroyed. */
  stream(descriptor: number, range?: { readonly start: number; readonly end: number }): Readable
  setModified(descriptor: number, seconds: number): Promise<void>
  /**
   * Makes the bytes of a file outlive a power cut, in the cache of the drive too: on macOS libuv asks for that with
   * F_FULLFSYNC, as fsync(2) does not there.
   */
  sync(descriptor: number): Promise<void>
  close(descriptor: number): Promise<void>
  /** Everything from byte `position` on, or at most `length` bytes of it. */
  read(path: string, position?: number, length?: number): Promise<ReadFile>
  /** Cuts a file off after so many bytes. */
  truncate(path: string, length: number): Promise<void>
  /**
   * The whole file at once, without a thread in between: where its pages are in memory that takes a sixth of the time of
   * `read`. Its bytes hold until the next call. Tried once: what fails here may succeed with `read`.
   */
  readNow(path: string): ReadFile
  /** Gives the file one more name, which must not exist. */
  link(existing: string, path: string): Promise<void>
  /** In place of a file, or of an empty folder (`ENOTEMPTY` or `EEXIST` otherwise). Not of a folder with open files on Windows. */
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /**
   * Makes the names in a folder outlive a power cut: fsync of a file does not cover its directory entry (fsync(2)).
   * Windows has nothing of the kind; there it only rejects where there is no folder.
   */
  syncFolder(path: string): Promise<void>
  /** Removes a folder that must be empty. */
  removeFolder(path: string): Promise<void>
  /** Removes a file or a folder with all in it, if it is there. */
  removeTree(path: string): Promise<void>
  /** What has this name, a symlink not followed; `undefined` when nothing has. */
  stat(path: string): Promise<FileStatus | undefined>
  /** The names in a folder, some at a time, so that a large folder does not hold the event loop. */
  list(path: string): AsyncIterable<readonly string[]>
  /** Follows symlinks. Synchronous, without a thread in between: some two microseconds where the inode is in memory. */
  identify(path: string): FileIdentity | undefined
  /** Synchronous likewise. */
  identifyOpen(descriptor: number): FileStatus
  /**
   * The file system that holds a path (statfs): its magic number, of meaning on Linux alone, and how many bytes of it this
   * user may still write.
   */
  volume(path: string): Promise<{ readonly kind: number; readonly freeBytes: number }>
}
