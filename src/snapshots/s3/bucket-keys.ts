import type { SnapshotKey } from '../snapshot-key.ts'

/**
 * The keys of all objects in the bucket, under one prefix:
 *
 * - `snapshots/<spreadsheetId>/<syncId>.json`: the record of a sync's draft and, in the end, its published manifest;
 * - `files/<syncId>/<owner>/<name>`: the files of a snapshot, each whole, in a folder that only one owner writes to;
 * - `drafts/<syncId>/for.<spreadsheetId>`: a marker: something of this sync is staged or still to be removed;
 * - `drafts/<syncId>/<owner>.<number>`: packs of bytes that checkpoints point into; never changed once written.
 */
export class BucketKeys {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix === '' ? '' : `${prefix}/`
  }

  get probe(): string {
    return `${this.#prefix}conditional-writes`
  }

  get allDrafts(): string {
    return `${this.#prefix}drafts/`
  }

  get allFiles(): string {
    return `${this.#prefix}files/`
  }

  records(spreadsheetId: string): string {
    return `${this.#prefix}snapshots/${spreadsheetId}/`
  }

  record({ spreadsheetId, syncId }: SnapshotKey): string {
    return `${this.records(spreadsheetId)}${syncId}.json`
  }

  drafts(syncId: string): string {
    return `${this.allDrafts}${syncId}/`
  }

  markers(syncId: string): string {
    return `${this.drafts(syncId)}for.`
  }

  marker({ spreadsheetId, syncId }: SnapshotKey): string {
    return `${this.markers(syncId)}${spreadsheetId}`
  }

  pack(syncId: string, owner: string, number: number): string {
    return `${this.drafts(syncId)}${owner}.${number}`
  }

  files(syncId: string): string {
    return `${this.allFiles}${syncId}/`
  }

  file(syncId: string, owner: string, name: string): string {
    return `${this.files(syncId)}${owner}/${name}`
  }
}
