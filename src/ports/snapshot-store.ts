import type { Readable } from 'node:stream'
import type { SnapshotManifest } from '../model/snapshot-manifest.ts'

/**
 * Where rows land. A snapshot appears whole or not at all, and of all the epochs of a sync at most one publishes.
 * A spreadsheet id, sync id or file name that does not match its pattern is never made a path: reads answer
 * `undefined`, writes reject with a TypeError. A failing medium rejects with `STORAGE_UNAVAILABLE`,
 * `STORAGE_FULL`, or `STORAGE_BUSY`, which passes by itself.
 */
export interface SnapshotStore {
  start(): Promise<void>

  /** Rejects with `STORAGE_FULL` while so little of the disk is free that nothing can be staged. */
  assertRoom(): Promise<void>

  /**
   * Opens the staging place of a sync for one epoch, and takes over what an earlier epoch had checkpointed there. From
   * then on no earlier epoch can publish or disturb what is staged, even if its process still runs. Once the signal is
   * aborted, what handles whole files (taking over, `rewrite`, `publish`) rejects with its reason: the checkpoint stays as
   * it is, and nothing is published, unless that was done already.
   */
  openDraft(key: DraftKey, signal?: AbortSignal): Promise<SnapshotDraft>

  /**
   * Gives what a sync that has ended had staged and checkpointed to another one of the same spreadsheet, durably: the first
   * draft that is opened for `syncId` goes on from it, as from an earlier epoch's. Resolves to whether there was a checkpoint
   * to give, which goes to one sync at most; from then on no draft of `from` can be opened, changed or published, until
   * what it leaves is swept. Cut off anywhere, one of the two has the checkpoint whole, and the same call moves it on.
   */
  moveDraft(from: SnapshotKey, syncId: string): Promise<boolean>

  /** The snapshot that this sync published, or `undefined`. Rejects with `SNAPSHOT_CORRUPT` when it cannot be read. */
  find(spreadsheetId: string, syncId: string): Promise<SnapshotManifest | undefined>

  /** All snapshots of a spreadsheet, newest first; unreadable ones left out. */
  list(spreadsheetId: string): Promise<readonly SnapshotManifest[]>

  /**
   * Opens a published file, or a range of it, for reading. Once open it can be read to its end, whatever is pruned.
   * Rejects with `SNAPSHOT_CORRUPT` when the file ends before the range does.
   */
  openFile(key: FileKey, range?: ByteRange): Promise<Readable | undefined>

  /**
   * Removes the snapshots of a spreadsheet that retention no longer keeps: for each owner, all but the newest
   * SNAPSHOTS_KEPT and, for each tab and format, the newest that holds the whole tab and the newest of each of the last
   * 10 × SNAPSHOTS_KEPT unlike ranges of it. Once the signal is aborted no other is begun. Resolves to the sync ids of
   * what was removed; what another program holds open is left to the next call, or the next sweep.
   */
  prune(spreadsheetId: string, signal?: AbortSignal): Promise<readonly string[]>

  /**
   * Removes the snapshots of a spreadsheet that are chosen; without a choice all, unreadable ones too where the medium tells
   * them from drafts. Resolves, once that is durable, to how many there were. What is published meanwhile
   * stays, or goes whole. Cut off, it has removed some, and none in part.
   */
  erase(spreadsheetId: string, isAsked?: EraseChoice): Promise<number>

  /**
   * Prunes every spreadsheet, removes what is older than SNAPSHOT_TTL at `now` whatever it holds, and counts what is left,
   * until the signal is aborted. Resolves to how many snapshots were removed.
   */
  sweep(now: Date, signal?: AbortSignal): Promise<number>

  /** Counts as `sweep` does, and removes nothing. */
  count(signal?: AbortSignal): Promise<void>

  /**
   * What the published snapshots of a `createdBy` amount to, everybody's without one: exact of spreadsheets that this
   * process has pruned or erased from last, otherwise as of the latest `sweep` or `count`; nothing before the first.
   */
  usage(createdBy?: string | null): SnapshotUsage

  /** Removes everything staged for syncs that are not live any more, until the signal is aborted; resolves to how many. */
  sweepDrafts(isLive: (syncId: string) => Promise<boolean>, signal?: AbortSignal): Promise<number>

  close(): Promise<void>
}

export interface SnapshotUsage {
  readonly snapshots: number
  /** Of their files of rows. */
  readonly bytes: number
}

export interface SnapshotKey {
  readonly spreadsheetId: string
  readonly syncId: string
}

export interface DraftKey extends SnapshotKey {
  readonly epoch: number
}

export interface FileKey extends SnapshotKey {
  readonly name: string
}

/** Whether a snapshot is to be erased; called with nothing for one whose manifest cannot be read. */
export type EraseChoice = (manifest: SnapshotManifest | undefined) => boolean

/** Bytes from `start` to `end` inclusive. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The files of one sync while they are being written. Calls for different files may run side by side.
 *
 * `append` and `rewrite` reject with `SYNC_TOO_LARGE` when the files would hold more together than one sync may write.
 *
 * When `append`, `rewrite` or `saveCheckpoint` rejects, what the files hold is no longer certain, and every later call
 * may reject likewise; the draft opened again goes on from its last checkpoint. Any call rejects with
 * {@link DraftSuperseded} once it notices that a later epoch has the draft.
 */
export interface SnapshotDraft {
  /** Set when an earlier epoch had already published: nothing is left to do but to record the success. */
  readonly published: SnapshotManifest | undefined

  /** The value of the last `saveCheckpoint` of the latest earlier epoch; the files hold just what they held then. */
  readonly checkpoint: unknown

  /**
   * Adds bytes (none will do) to the end of a file, creating it. Calls for one file are kept in order. Once it resolves, the
   * bytes are the caller's again.
   */
  append(name: string, bytes: Uint8Array): Promise<void>

  /**
   * Puts bytes in place of the whole file; for what can only be known at the end. The content may `read` the file that
   * it replaces, which stays as it was until then.
   */
  rewrite(name: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>

  /** Reads back what was appended so far. Errors with a TypeError for a file that is not staged; so does `stat`. */
  read(name: string): Readable

  /** Makes all that was appended, and `value` (JSON), durable together: a later epoch finds both or neither. */
  saveCheckpoint(value: unknown): Promise<void>

  /** Forgets every file and the checkpoint; for a download that begins anew. */
  reset(): Promise<void>

  /** Size and SHA-256 (hex) of a staged file. */
  stat(name: string): Promise<{ readonly bytes: number; readonly sha256: string }>

  /**
   * Makes the draft a snapshot, durably and at once. The manifest must name size and SHA-256 of staged files (else a
   * TypeError); a staged file that it does not name is dropped. After another failure it may be called again. Rejects
   * with a {@link DraftSuperseded} when a later epoch has taken the draft over; nothing is published then.
   */
  publish(manifest: SnapshotManifest): Promise<void>

  /** Closes open files; what is staged stays for the next epoch. Idempotent. */
  close(): Promise<void>

  /** Closes, and removes what is staged. */
  discard(): Promise<void>
}

/** A later epoch has taken the draft over, so this owner may do nothing more. */
export class DraftSuperseded extends Error {
  override readonly name = 'DraftSuperseded'
}
