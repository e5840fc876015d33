import type { ChangesTask, CommonColumn, ComparedTable } from './protocol.ts'
import type { RowPair } from './row-pairs.ts'
import { identifier } from './sql-text.ts'

/** The types of the columns of a table, by name, as DuckDB writes them. */
export type ColumnTypes = ReadonlyMap<string, string>

/** What changes are found in. The names in it are ours: those of columns stand behind that of their table. */
export interface ComparedTables extends Pick<ChangesTask, 'since' | 'until' | 'common'> {
  /** Where the rows are, in SQL, and the types of their columns. */
  readonly sinceRows: string
  readonly untilRows: string
  readonly sinceTypes: ColumnTypes
  readonly untilTypes: ColumnTypes
}

/** The number of rows of both tables. */
export function countRows({ sinceRows, untilRows }: ComparedTables): string {
  return `SELECT (SELECT count(*) FROM ${sinceRows}), (SELECT count(*) FROM ${untilRows})`
}

/**
 * The hashes of all rows of a table, in their order: of what rows are told apart by, and of all other columns, if there are
 * any. With hashes of 64 bits two rows of a million before and a million now are taken for one another with a probability of
 * 10^-7 (n²/2^65, n = 2 × 10^6).
 */
export function hashedRows(tables: ComparedTables, side: 0 | 1): string {
  const { sinceRows, untilRows } = tables
  const hash = (columns: readonly CommonColumn[]) =>
    columns.length === 0
      ? '0::UBIGINT'
      : `hash(${columns.map((column) => comparable(tables, column)[side]).join(', ')})`
  const rest = restOf(tables)
  const hashes = [hash(keyOf(tables)), ...(rest.length === 0 ? [] : [hash(rest)])]
  return `SELECT ${hashes.join(', ')} FROM ${side === 0 ? sinceRows : untilRows} AS t`
}

/** Columns by which rows of the same key are compared. */
export function restOf({ common }: Pick<ComparedTables, 'common'>): readonly CommonColumn[] {
  return common.some(({ isKey }) => isKey) ? common.filter(({ isKey }) => !isKey) : []
}

/** Rows are told apart by these; by all, and nothing else, where none is a key. */
function keyOf({ common }: Pick<ComparedTables, 'common'>): readonly CommonColumn[] {
  return common.some(({ isKey }) => isKey) ? common.filter(({ isKey }) => isKey) : common
}

/** The place of a row of a user. A column may be called `rowid`, and would be taken for it. */
const PLACE = 'row_number() OVER () - 1'

/** The rows of these changes: both places, the cells before, the cells now, and whether those of each common column differ. */
export function changedRows(tables: ComparedTables, pairs: readonly RowPair[]): string {
  const { since, until, common, sinceRows, untilRows } = tables
  const side = (rows: string, { columns }: ComparedTable, s: 0 | 1) => {
    const cells = columns.map((column, index) => `t.${identifier(column)} AS c${index}`)
    const all = `SELECT ${[`${PLACE} AS r`, ...cells].join(', ')} FROM ${rows} AS t`
    return `(SELECT * FROM (${all}) SEMI JOIN page ON r = page.r${s})`
  }
  const list = [
    'page.r0',
    'page.r1',
    ...since.columns.map((_, index) => `a.c${index}`),
    ...until.columns.map((_, index) => `b.c${index}`),
    ...common.map((column) => {
      const cells = [`a.c${since.columns.indexOf(column.since)}`, `b.c${until.columns.indexOf(column.until)}`] as const
      return comparable(tables, column, cells).join(' IS DISTINCT FROM ')
    }),
  ]
  return `WITH page AS (SELECT unnest(${places(pairs.map(({ before }) => before))}) AS r0, unnest(${places(pairs.map(({ now }) => now))}) AS r1)
    SELECT ${list.join(', ')} FROM page
    LEFT JOIN ${side(sinceRows, since, 0)} a ON a.r = page.r0 LEFT JOIN ${side(untilRows, until, 1)} b ON b.r = page.r1
    ORDER BY ${ORDER}`
}

/** By place now; what was removed, by where it stood. */
const ORDER = 'coalesce(page.r1, page.r0), page.r1 IS NULL'

/** The cells of the key of some rows of a table, after the place of each. */
export function keysOf(tables: ComparedTables, side: 0 | 1, rows: readonly number[]): string {
  const cells = keyOf(tables).map(({ since, until }) => `t.${identifier(side === 0 ? since : until)}`)
  const all = `SELECT ${[`${PLACE} AS r`, ...cells.map((cell, index) => `${cell} AS c${index}`)].join(', ')}`
  const from = side === 0 ? tables.sinceRows : tables.untilRows
  return `SELECT * FROM (${all} FROM ${from} AS t) SEMI JOIN (SELECT unnest(${places(rows)}) AS place) ON r = place`
}

function places(rows: readonly (number | null)[]): string {
  return `[${rows.map((row) => row ?? 'NULL').join(',')}]::BIGINT[]`
}

/** A column of both tables as values that are equal where the cells are, before and now. `cells`: these, in SQL. */
function comparable(
  { sinceTypes, untilTypes }: ComparedTables,
  { since, until }: CommonColumn,
  cells: readonly [string, string] = [`t.${identifier(since)}`, `t.${identifier(until)}`],
): [string, string] {
  const before = sinceTypes.get(since) ?? 'VARCHAR'
  const now = untilTypes.get(until) ?? 'VARCHAR'
  return [asComparable(cells[0], before, now), asComparable(cells[1], now, before)]
}

const NUMBERS = ['BIGINT', 'DOUBLE']
const DAYS = ['DATE', 'TIMESTAMP']

function asComparable(value: string, type: string, other: string): string {
  // A formula may answer '', which looks as a blank cell does.
  if (type === other) return type === 'VARCHAR' ? `nullif(${value}, '')` : value
  const areBoth = (types: readonly string[]) => types.includes(type) && types.includes(other)
  if (areBoth(NUMBERS)) return `CAST(${value} AS DOUBLE)`
  if (areBoth(DAYS)) return `CAST(${value} AS TIMESTAMP)`
  return NUMBERS.includes(other) || NUMBERS.includes(type) ? numberAsText(value, type) : asText(value, type)
}

/** As the JSON of the rows has it. */
function asText(value: string, type: string): string {
  const text = `CAST(${value} AS VARCHAR)`
  if (type === 'VARCHAR') return `nullif(${value}, '')`
  return type === 'TIMESTAMP' ? `replace(${text}, ' ', 'T')` : text
}

/** Numbers of every spelling as one text: a column of several kinds has 49 as it was sent, another one 49.0. */
function numberAsText(value: string, type: string): string {
  const number = `CAST(TRY_CAST(${value} AS DOUBLE) AS VARCHAR)`
  if (NUMBERS.includes(type)) return number
  if (type !== 'VARCHAR') return asText(value, type)
  return `CASE WHEN regexp_full_match(${value}, '${JSON_NUMBER}') THEN ${number} ELSE nullif(${value}, '') END`
}

/** RFC 8259, section 6: so that 007 is none. */
const JSON_NUMBER = '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?'
