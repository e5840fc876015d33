import type { DuckDBConnection } from '@duckdb/node-api'
import { identifier } from './sql-text.ts'

/** Columns of one table of a database file; of more, each so many are a table. DuckDB holds 2048 cells of every column at once. */
export const PART_COLUMNS = 256

/** What DuckDB may hold of a table that is handled in pieces: beside it stands what its allocator keeps of what was freed. */
export const SPLIT_MEMORY = '100MB'

/** Bytes that a process which makes or copies a wide table may have beyond others: what DuckDB's allocator keeps of freed memory. */
const WIDE_BYTES = 64 * 1024 * 1024
/** And for each of its columns: what DuckDB keeps of it, used or not. */
const COLUMN_BYTES = 12 * 1024

/** The column of {@link WIDE_ROWS} with the place of each row. No header begins with a blank. */
export const WIDE_PLACE = ' place'
/** The view of a wide table with the place of each row, that `rowid` is of other ones. */
export const WIDE_ROWS = 'placed'

/** Whether so many columns lie in several tables. */
export function isWide(columns: number): boolean {
  return columns > PART_COLUMNS
}

/** Bytes that a task about a table of so many columns may have beyond those of a question. */
export function extraBytes(columns: number): number {
  return isWide(columns) ? WIDE_BYTES + columns * COLUMN_BYTES : 0
}

/** The table with the columns of one part. */
export function partName(part: number): string {
  return `part${part}`
}

/** Makes the views of a wide table, `t` and {@link WIDE_ROWS}, in its database. Theirs are the tables of whatever it is attached as. */
export async function makeViews(connection: DuckDBConnection, database: string, parts: number): Promise<void> {
  const joined = Array.from({ length: parts }, (_, part) => partName(part)).join(' POSITIONAL JOIN ')
  await connection.run(`USE ${database}`)
  await connection.run(`CREATE VIEW t AS SELECT * FROM ${joined}`)
  await connection.run(
    `CREATE VIEW ${WIDE_ROWS} AS SELECT ${partName(0)}.rowid AS ${identifier(WIDE_PLACE)}, * FROM ${joined}`,
  )
  await connection.run('USE memory')
}
