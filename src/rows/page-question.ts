import { ColumnList, sortedBy } from './column-list.ts'
import type { AnswerFormat, QueryValue, Question } from './engine/protocol.ts'
import { identifier } from './engine/sql-text.ts'
import { isWide, WIDE_PLACE, WIDE_ROWS } from './engine/wide-tables.ts'

/** What is asked of the rows of one tab. */
export interface PageRequest {
  /** Names of columns, with commas between; all without it. */
  readonly select?: string | undefined
  /** An expression of SQL. */
  readonly where?: string | undefined
  /** Values of its parameters. */
  readonly params: readonly QueryValue[]
  /** Names of columns, each with `asc` or `desc` if need be. Rows that are equal then come in the order of the tab. */
  readonly order?: string | undefined
  readonly limit: number
  readonly offset: number
  readonly count: boolean
  readonly format: AnswerFormat
}

/** Rows before a page from which on its place is found before its cells are read. */
const DEEP_ROWS = 2000

/** Puts a question about one table together. Throws COLUMN_NOT_FOUND; nothing else of it is judged here. */
export function pageQuestion(
  { select, where, params, order, limit, offset, count, format }: PageRequest,
  columns: readonly string[],
): Omit<Question, 'tables' | 'answerFile' | 'maxBytes'> {
  const list = new ColumnList(columns)
  const isWideTable = isWide(columns.length)
  const [table, place] = isWideTable ? [WIDE_ROWS, identifier(WIDE_PLACE)] : ['t', 'rowid']
  const all = isWideTable ? `* EXCLUDE (${place})` : '*'
  const selected = select === undefined ? all : list.select(select)
  const keys = order === undefined ? [] : list.order(order)
  const [first] = keys
  // On lines of its own, so that a comment in it ends and DuckDB names its lines.
  const filter = where === undefined ? undefined : `(\n${where}\n)`
  const filtered = filter === undefined ? '' : ` WHERE ${filter}`
  const head = `SELECT ${selected} FROM f0.${table}`
  const sorted = keys.length === 0 ? '' : `${sortedBy(keys)}, `
  // A wide table is joined of several, whose rows come in their order unasked; to be sorted, all of their cells would be in memory.
  const sorting = isWideTable && order === undefined ? '' : ` ORDER BY ${sorted}${place}`
  const tail = `${sorting} LIMIT ${limit + 1} OFFSET ${offset}`
  const whole = { head, filter: filtered, tail }
  // A column of the tab that is called so would be taken for the number of the row.
  const hasNumbers = !isWideTable && !columns.some((name) => name.toLowerCase() === 'rowid')
  const asked = !hasNumbers || offset < DEEP_ROWS ? whole : deepPage({ selected, filtered, sorting, offset, limit })
  return {
    ...(where === undefined ? {} : { expression: { field: 'where', text: where } }),
    field: 'where',
    linesBefore: asked.head.split('\n').length,
    sql: `${asked.head}${asked.filter}${asked.tail}`,
    ...(first === undefined || first.areBlanksFirst || isWideTable
      ? {}
      : { sorted: { ...first, rows: offset + limit + 1, head, filter, tail } }),
    params,
    ...(count ? { countSql: `SELECT count(*) FROM f0.t${filtered}` } : {}),
    limit,
    format,
  }
}

interface DeepPage {
  readonly selected: string
  readonly filtered: string
  readonly sorting: string
  readonly offset: number
  readonly limit: number
}

/**
 * A page far down in a table, as SQL. Past a few thousand rows DuckDB sorts all cells of all rows for it: a million rows of
 * eight columns did not fit into 256 MB. A table as it stands has its rows by their number (rows are only ever added to it);
 * else the numbers of the page's rows are sorted alone.
 */
function deepPage({ selected, filtered, sorting, offset, limit }: DeepPage) {
  const head = `SELECT ${selected} FROM f0.t WHERE`
  const isAsItStands = filtered === '' && sorting === ' ORDER BY rowid'
  if (isAsItStands) return { head, filter: ` rowid BETWEEN ${offset} AND ${offset + limit}`, tail: sorting }
  return {
    head: `${head} rowid IN (SELECT rowid FROM f0.t`,
    filter: filtered,
    tail: `${sorting} LIMIT ${limit + 1} OFFSET ${offset})${sorting}`,
  }
}
