import { createHash } from 'node:crypto'
import type { SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import { earlierSnapshot, type HeldTab, newestQueryable, ofSnapshot } from './chosen-snapshot.ts'
import { ColumnList } from './column-list.ts'
import type { ChangesAnswer, CommonColumn, TableColumn } from './engine/protocol.ts'
import type { Asking, QueryEngine } from './engine/query-engine.ts'
import { BrokenTable } from './engine/query-failures.ts'
import { readCursor, toCursor } from './row-cursor.ts'
import type { TableCache, TableSource } from './table-cache.ts'
import { tableColumns, tableSource } from './table-source.ts'

export interface ChangesOptions {
  readonly snapshots: Pick<SnapshotStore, 'openFile'>
  readonly engine: QueryEngine
  readonly tables: TableCache
  /** Bytes that an answer may have. */
  readonly maxBytes: number
}

/** What to tell of the changes of one tab, and from where on. */
export interface ChangesRequest {
  /** The sync whose snapshot the rows are compared with. */
  readonly since: string
  /** Names of the columns that tell rows apart, with commas between; without it rows are compared whole. */
  readonly key?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** Changes that are known to be asked for, and not yet looked for. */
export interface ChangesPage {
  readonly since: HeldTab
  readonly until: HeldTab
  readonly key: readonly string[] | null
  /** Columns that only one of the snapshots has, by which no rows are compared. */
  readonly columns: { readonly added: readonly string[]; readonly removed: readonly string[] }
  /** Strong, without quotes: of both snapshots and of all that was asked. */
  readonly tag: string
  read(asking: Asking): Promise<RowChanges>
}

export interface RowChanges extends ChangesAnswer {
  /** The file that holds the changes where `content` does not; the caller's to remove. */
  readonly file: string
  readonly nextCursor: string | null
}

/** Goes into each ETag, so that an answer that is made otherwise has another one. */
const ANSWERS = 1

/**
 * Finds the snapshots to compare: the newest that can be asked (manifests come newest first), or the one that the cursor
 * names, and that of `since`. Throws SNAPSHOT_NOT_FOUND, CURSOR_…, ROWS_NOT_QUERYABLE, SCHEMA_NOT_KEPT or COLUMN_NOT_FOUND.
 */
export function changesPage(
  { snapshots, engine, tables, maxBytes }: ChangesOptions,
  manifests: readonly SnapshotManifest[],
  latest: HeldTab,
  { since: sinceId, key: keyList, limit, cursor }: ChangesRequest,
): ChangesPage {
  const pinned = ['changes', latest.tab.gid, sinceId, keyList ?? null]
  const place = cursor === undefined ? undefined : readCursor(cursor, pinned)
  const until = place === undefined ? newestQueryable(manifests, latest) : ofSnapshot(manifests, latest, place.syncId)
  const since = earlierSnapshot(manifests, until, sinceId)
  const [sinceColumns, untilColumns] = [tableColumns(since.tab), tableColumns(until.tab)]
  const { common, added, removed } = pair(sinceColumns, untilColumns)
  const key = keyList === undefined ? null : new ColumnList(common.map((column) => column.until)).names('key', keyList)
  const [before, now] = [
    tableSource(snapshots, since.manifest, since.tab),
    tableSource(snapshots, until.manifest, until.tab),
  ]
  const offset = place?.offset ?? 0
  const sources = [before, now].map(({ sha256, columns }) => [sha256, columns])
  const { syncId } = until.manifest
  return {
    since,
    until,
    key,
    columns: { added, removed },
    tag: createHash('sha256')
      .update(JSON.stringify([ANSWERS, sinceId, syncId, sources, key, limit, offset]))
      .digest('base64url'),
    read: async (asking) => {
      const compare = async ([sinceFile, untilFile]: readonly [string, string]) => {
        const file = await tables.temporary()
        const task = {
          since: { file: sinceFile, columns: sinceColumns.map(({ column }) => column) },
          until: { file: untilFile, columns: untilColumns.map(({ column }) => column) },
          common: common.map((column) => ({ ...column, isKey: key?.includes(column.until) ?? false })),
          ...{ offset, limit, answerFile: file, maxBytes },
        }
        try {
          return { ...(await engine.changes(task, asking)), file }
        } catch (error) {
          // A process that was killed leaves what it had written.
          await tables.discard([file])
          throw error
        }
      }
      const answer = await ofBoth(tables, [before, now], asking, compare)
      const next = { syncId, offset: offset + answer.rows }
      return { ...answer, nextCursor: answer.hasMore ? toCursor(next, pinned) : null }
    },
  }
}

/** Compares two tables; once more where one was evicted meanwhile or its file is broken, with those that are made anew. */
async function ofBoth<T>(
  tables: TableCache,
  [before, now]: readonly [TableSource, TableSource],
  asking: Asking,
  compare: (files: readonly [string, string]) => Promise<T>,
): Promise<T> {
  const open = async () => [await tables.tableOf(before, asking), await tables.tableOf(now, asking)] as const
  const files = await open()
  try {
    return await compare(files)
  } catch (error) {
    if (!(error instanceof BrokenTable)) throw error
    await tables.discard(files)
    return compare(await open())
  }
}

/** Columns are the same by the name that the rows have, whatever the engine calls them on either side. */
function pair(since: readonly TableColumn[], until: readonly TableColumn[]) {
  const before = new Map(since.map(({ name, column }) => [name, column]))
  const common: Omit<CommonColumn, 'isKey'>[] = []
  const added: string[] = []
  for (const { name, column } of until) {
    const held = before.get(name)
    before.delete(name)
    if (held === undefined) added.push(name)
    else common.push({ since: held, until: column })
  }
  return { common, added, removed: [...before.keys()] }
}
