import type { SnapshotKey } from '../../ports/snapshot-store.ts'

/**
 * The keys of all objects in a bucket, under one prefix:
 *
 * - `snapshots/<spreadsheetId>/<syncId>.json`: the record of a sync's draft and, in the end, its published manifest;
 * - `files/<syncId>/<owner>/<name>`: the files of a snapshot, each whole, in a folder that only one owner writes to;
 * - `drafts/<syncId>/for.<spreadsheetId>`: a marker: something of this sync is staged or still to be removed;
 * - `drafts/<syncId>/<owner>.<number>`: packs of bytes that checkpoints point into; never changed once written.
 */
export function bucketKeys(prefix: string) {
  const root = prefix === '' ? '' : `${prefix}/`
  const allRecords = `${root}snapshots/`
  const records = (spreadsheetId: string) => `${allRecords}${spreadsheetId}/`
  const files = (syncId: string) => `${root}files/${syncId}/`
  const drafts = (syncId: string) => `${root}drafts/${syncId}/`
  const markers = (syncId: string) => `${drafts(syncId)}for.`
  return {
    probe: `${root}conditional-writes`,
    allFiles: `${root}files/`,
    allDrafts: `${root}drafts/`,
    allRecords,
    records,
    record: ({ spreadsheetId, syncId }: SnapshotKey) => `${records(spreadsheetId)}${syncId}.json`,
    files,
    filesOf: (syncId: string, owner: string) => `${files(syncId)}${owner}/`,
    drafts,
    markers,
    marker: ({ spreadsheetId, syncId }: SnapshotKey) => `${markers(syncId)}${spreadsheetId}`,
    pack: (syncId: string, owner: string, number: number) => `${drafts(syncId)}${owner}.${number}`,
  }
}
