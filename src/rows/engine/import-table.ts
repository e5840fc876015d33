import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { openTrusted } from './locked-database.ts'
import type { ImportTask, TableColumn } from './protocol.ts'
import { areHeavy, type SplitColumns, splitRows, VECTOR_ROWS } from './split-rows.ts'
import { identifier, literal } from './sql-text.ts'
import { isWide, makeViews, PART_COLUMNS, partName, SPLIT_MEMORY } from './wide-tables.ts'

/** Bytes that one row may have: DuckDB keeps a buffer of twice as many, so few are tried first. A sync writes no row of more than 32 MB. */
const ROW_BYTES = 1_000_000
const MOST_ROW_BYTES = 40_000_000
/** Bytes of rows that are made Parquet of together. */
const RANGE_BYTES = 8_000_000

/** The rows of one table: of all columns, or of some. */
interface TableRows extends Pick<ImportTask, 'format' | 'areLists' | 'columns'> {
  readonly name: string
  /** Files, one after the other. */
  readonly sources: readonly string[]
}

/**
 * Makes a database file of rows: their columns by the types given, their order kept. Rows that DuckDB would take too much
 * memory for are split first, by columns and by bytes; wide ones lie in several tables, behind views.
 */
export async function importTable(task: ImportTask, memoryBytes: number): Promise<{ columns: readonly TableColumn[] }> {
  const { connection, close } = await openTrusted(memoryBytes)
  const folder = `${task.target}.parts`
  try {
    const isWideTable = isWide(task.columns.length)
    const isSplit = task.format !== 'parquet' && (isWideTable || areHeavy(task.source))
    if (isSplit) mkdirSync(folder, { mode: 0o700 })
    const split = isSplit ? splitRows(task, PART_COLUMNS, join(folder, 'rows')) : undefined
    if (isWideTable) await connection.run(`SET memory_limit = '${SPLIT_MEMORY}'`)
    const groups = isSplit || isWideTable ? `, ROW_GROUP_SIZE ${VECTOR_ROWS}` : ''
    await connection.run(`ATTACH ${literal(task.target)} AS made (BLOCK_SIZE 16384${groups})`)
    const tables = tablesOf(task, split)
    const columns: TableColumn[] = []
    for (const table of tables) {
      columns.push(...(await makeTable(connection, table)))
      // Until then it is in memory, as long as its rows are few.
      if (isWideTable) await connection.run('CHECKPOINT made')
      if (isSplit) for (const source of table.sources) rmSync(source)
    }
    if (isWideTable) await makeViews(connection, 'made', tables.length)
    await connection.run(`CREATE TABLE made.layout AS SELECT ${tables.length} AS tables, ${rowsAtOnce(split)} AS rows`)
    await connection.run('DETACH made')
    return { columns }
  } catch (error) {
    rmSync(task.target, { force: true })
    throw error
  } finally {
    close()
    rmSync(`${task.target}.wal`, { force: true })
    rmSync(folder, { force: true, recursive: true })
  }
}

/** The tables that rows become. */
function tablesOf({ source, format, areLists, columns }: ImportTask, split: readonly SplitColumns[] = []): TableRows[] {
  if (!isWide(columns.length)) {
    const sources = split[0]?.parts
    if (sources === undefined) return [{ name: 't', sources: [source], format, areLists, columns }]
    return [{ name: 't', sources, format: 'ndjson', areLists: true, columns }]
  }
  return Array.from({ length: Math.ceil(columns.length / PART_COLUMNS) }, (_, index) => {
    const own = columns.slice(index * PART_COLUMNS, (index + 1) * PART_COLUMNS)
    const sources = split[index]?.parts
    const rows =
      sources === undefined
        ? { format, areLists, sources: [source] }
        : { format: 'ndjson' as const, areLists: true, sources }
    return { name: partName(index), columns: own, ...rows }
  })
}

/** How many rows are copied together, so that their bytes are not too many; 0 for all. */
function rowsAtOnce(split: readonly SplitColumns[] = []): number {
  const least = Math.min(
    ...split.map(({ heaviest }) => Math.floor((heaviest.rows * RANGE_BYTES) / Math.max(1, heaviest.bytes))),
  )
  return least >= VECTOR_ROWS || split.every(({ heaviest }) => heaviest.bytes <= RANGE_BYTES) ? 0 : Math.max(1, least)
}

/** Makes one table; returns its columns, with those as text that lose values as what they were taken for. */
async function makeTable(connection: DuckDBConnection, rows: TableRows): Promise<readonly TableColumn[]> {
  const rowBytes = await createTable(connection, rows)
  const columns = await asText(connection, rows)
  if (columns !== rows.columns) {
    await connection.run(`DROP TABLE made.${rows.name}`)
    await createTable(connection, { ...rows, columns }, rowBytes)
  }
  return columns
}

async function asText(connection: DuckDBConnection, { name, columns }: TableRows): Promise<readonly TableColumn[]> {
  const counted = columns.filter(({ type, values }) => type !== 'VARCHAR' && values !== undefined)
  if (counted.length === 0) return columns
  const counts = counted.map(({ column }) => `count(${identifier(column)})`).join(', ')
  const [row = []] = (await connection.runAndReadAll(`SELECT ${counts} FROM made.${name}`)).getRowsJson()
  const lossy = new Set(counted.filter(({ values = 0 }, index) => Number(row[index]) < values))
  if (lossy.size === 0) return columns
  return columns.map((column) => (lossy.has(column) ? { ...column, type: 'VARCHAR' } : column))
}

/** Resolves to how many bytes a row was let have. */
async function createTable(connection: DuckDBConnection, table: TableRows, rowBytes = ROW_BYTES): Promise<number> {
  try {
    await connection.run(`CREATE TABLE made.${table.name} AS ${rowsSql(table, rowBytes)}`)
    return rowBytes
  } catch (error) {
    if (rowBytes === MOST_ROW_BYTES || !/maximum_object_size/.test(String(error))) throw error
    return createTable(connection, table, MOST_ROW_BYTES)
  }
}

function rowsSql(table: TableRows, rowBytes: number): string {
  const { cells, rows } = readerOf(table, rowBytes)
  const list = table.columns.map(({ column, type }, index) => {
    const cell = cells(index)
    return `${type === 'VARCHAR' ? cell : `TRY_CAST(${cell} AS ${type})`} AS ${identifier(column)}`
  })
  return `SELECT ${list.join(', ')} FROM ${rows}`
}

/** Where rows come from, and the text of the cell of each column there. */
function readerOf(
  { sources, format, areLists, columns }: TableRows,
  rowBytes: number,
): { cells: (index: number) => string; rows: string } {
  const files = `[${sources.map(literal).join(', ')}]`
  if (format === 'parquet') {
    return { cells: (index) => identifier(columns[index]?.column ?? ''), rows: `read_parquet(${files})` }
  }
  const layout = format === 'json' ? 'array' : 'newline_delimited'
  const read = (shape: string) =>
    `read_json(${files}, format = '${layout}', ${shape}, maximum_object_size = ${rowBytes})`
  if (areLists) {
    return { cells: (index) => `cells[${index + 1}]`, rows: read("records = false, columns = {cells: 'VARCHAR[]'}") }
  }
  if (columns.every(({ name, column }) => name === column)) {
    const shape = `columns = {${columns.map(({ name }) => `${identifier(name)}: 'VARCHAR'`).join(', ')}}`
    return { cells: (index) => identifier(columns[index]?.name ?? ''), rows: read(shape) }
  }
  // Keys that DuckDB takes for one, or cannot take at all, are found by JSON pointers (RFC 6901); that takes longer.
  const pointers = columns.map(({ name }) => literal(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`))
  const objects = `(SELECT json_extract_string(json, [${pointers.join(', ')}]) AS cells FROM ${read("records = false, columns = {json: 'JSON'}")})`
  return { cells: (index) => `cells[${index + 1}]`, rows: objects }
}
