import { AppError } from '../errors.ts'
import type { ColumnType } from '../model/column-schema.ts'
import type { ManifestTab, SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { CountedTab } from '../ports/parquet-encoder.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import type { TableColumn, TableType } from './engine/protocol.ts'
import { tabColumns } from './tab-columns.ts'
import type { TableSource } from './table-cache.ts'

/** Formats that a table is made of, the one that takes least work first. CSV does not tell text from numbers. */
const SOURCES = ['parquet', 'ndjson', 'json'] as const

/** What a column of each type is in the engine; what no type of it holds as it is shown stays text. */
const TYPES: Readonly<Record<ColumnType, TableType>> = {
  text: 'VARCHAR',
  integer: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  time: 'TIME',
  datetime: 'TIMESTAMP',
  // An INTERVAL has months and days, which 30:15:00 has not, and few readers of Parquet know it.
  duration: 'VARCHAR',
  mixed: 'VARCHAR',
  empty: 'VARCHAR',
}

/** Whether a tab of a snapshot has rows that a table can be made of. */
export function isQueryable(tab: ManifestTab): boolean {
  return tab.tallies !== null && sourceFile(tab) !== undefined
}

/** The rows of a tab, to be made a table of. Throws ROWS_NOT_QUERYABLE or SCHEMA_NOT_KEPT. */
export function tableSource(
  snapshots: Pick<SnapshotStore, 'openFile'>,
  { spreadsheet, syncId, request }: SnapshotManifest,
  tab: ManifestTab,
): TableSource {
  const file = sourceFile(tab)
  if (file === undefined) {
    throw new AppError('ROWS_NOT_QUERYABLE', `There is nothing but CSV of ${JSON.stringify(tab.title)}.`, {
      hint: 'POST /syncs with "formats": ["json"], or with ndjson or parquet, and ask again.',
    })
  }
  const key = { spreadsheetId: spreadsheet.id, syncId, name: file.name }
  return {
    sha256: file.sha256,
    format: file.format as TableSource['format'],
    areLists: request.headerRow === 0,
    columns: tableColumns(tab),
    open: () => snapshots.openFile(key),
  }
}

/** Those of the tabs whose manifests are in memory. */
const columnsOf = new WeakMap<CountedTab, readonly TableColumn[]>()

/** The columns of rows as the engine has them; the same list for the same tab. Throws SCHEMA_NOT_KEPT. */
export function tableColumns(tab: CountedTab): readonly TableColumn[] {
  const columns = columnsOf.get(tab) ?? typedColumns(tab)
  columnsOf.set(tab, columns)
  return columns
}

function typedColumns(tab: CountedTab): TableColumn[] {
  const columns = tabColumns(tab).map(({ name, column, type: shown, counts }) => {
    const type = TYPES[shown]
    // A blank cell is no value, and an error such as #REF! none of a typed column.
    const values = type === 'VARCHAR' ? undefined : tab.rows - counts.blank - counts.error
    return { name, column, type, values }
  })
  // A table has one column at least.
  return columns.length > 0 ? columns : [{ name: 'A', column: 'A', type: 'VARCHAR', values: undefined }]
}

function sourceFile(tab: ManifestTab): ManifestTab['files'][number] | undefined {
  return SOURCES.map((format) => tab.files.find((file) => file.format === format)).find((file) => file !== undefined)
}
