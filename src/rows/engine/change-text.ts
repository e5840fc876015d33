import type { DuckDBVector } from '@duckdb/node-api'
import type { ComparedTables } from './changes-sql.ts'
import { jsonRowText, jsonText, type RowText } from './row-text.ts'

/** Writes one change as JSON, of a row that `changedRows` selects. */
export function changeText({ since, until, common }: Pick<ComparedTables, 'since' | 'until' | 'common'>): RowText {
  const [sinceStart, untilStart] = [2, 2 + since.columns.length]
  const flags = untilStart + until.columns.length
  const sinceRow = jsonRowText(since.columns)
  const untilRow = jsonRowText(until.columns)
  const compared = common.map((column, index) => ({
    ...column,
    name: JSON.stringify(column.until),
    before: sinceStart + since.columns.indexOf(column.since),
    now: untilStart + until.columns.indexOf(column.until),
    flag: flags + index,
  }))
  const key = compared.filter(({ isKey }) => isKey)
  return (vectors, row) => {
    const cell = (column: number) => textOf(vectors[column], row)
    if (isNull(vectors[0], row)) return `{"change":"added","row":${untilRow(vectors.slice(untilStart, flags), row)}}`
    if (isNull(vectors[1], row))
      return `{"change":"removed","row":${sinceRow(vectors.slice(sinceStart, untilStart), row)}}`
    const keys = key.map(({ name, now }) => `${name}:${cell(now)}`)
    const columns = compared
      .filter(({ isKey, flag }) => !isKey && vectors[flag]?.getItem(row) === true)
      .map(({ name, before, now }) => `${name}:{"old":${cell(before)},"new":${cell(now)}}`)
    return `{"change":"changed","key":{${keys.join(',')}},"columns":{${columns.join(',')}}}`
  }
}

function isNull(vector: DuckDBVector | undefined, row: number): boolean {
  return vector?.getItem(row) === null
}

function textOf(vector: DuckDBVector | undefined, row: number): string {
  return vector === undefined ? 'null' : jsonText(vector.getItem(row), vector.type)
}
