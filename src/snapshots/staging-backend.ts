import type { SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { StagedFile } from './staged-file.ts'

/** How a file stood when it was flushed. */
export type FlushedFile<Content> = Pick<StagedFile<Content>, 'name' | 'content'> & { readonly bytes: number }

/**
 * The medium of one draft. `StagedDraft` decides what is called when: never two calls for one file at once, and
 * `saveCheckpoint`, `clear` and `publish` one at a time. `Content` says where the bytes of a file are kept.
 */
export interface StagingBackend<Content> {
  /** The content of a file without bytes. */
  emptyContent(): Content

  /** Adds bytes after those that the file's digest counts. */
  append(file: StagedFile<Content>, bytes: Uint8Array): Promise<void>

  /** Writes bytes beside those of the file, which may be read meanwhile; resolves to the content that replaces them. */
  rewrite(file: StagedFile<Content>, bytes: AsyncIterable<Uint8Array>): Promise<Content>

  /** Reads the bytes that the file had when the call was made. */
  read(file: StagedFile<Content>): AsyncIterable<Uint8Array>

  /** Makes the file durable, if `saveCheckpoint` does not. */
  flush?(file: StagedFile<Content>): Promise<void>

  /** Makes a value (JSON) and how the files stood durable together, in place of the checkpoint before. */
  saveCheckpoint(value: string, files: readonly FlushedFile<Content>[]): Promise<void>

  /** Removes every file and the checkpoint; the checkpoint never stands without its files. */
  clear(): Promise<void>

  /** Makes the files, which the manifest names, a snapshot, durably and at once. May be called again after a failure. */
  publish(manifest: SnapshotManifest, files: readonly StagedFile<Content>[]): Promise<void>

  /** Frees descriptors and memory; what is staged stays. */
  close(): Promise<void>

  /** Removes what is staged, after `close`. */
  discard(): Promise<void>

  /** The error to reject with for one that a call above has thrown; that itself when absent. */
  translateError?(error: unknown): Promise<unknown>
}
