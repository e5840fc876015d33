import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api'
import { AnswerContent } from './answer-content.ts'
import { changeText } from './change-text.ts'
import {
  type ColumnTypes,
  type ComparedTables,
  changedRows,
  countRows,
  hashedRows,
  keysOf,
  restOf,
} from './changes-sql.ts'
import { isOutOfMemory, TaskFailed } from './duckdb-failures.ts'
import type { RepeatedKey } from './first-keys.ts'
import { freeAll, pieceFreer } from './free-chunks.ts'
import type { HashedRows } from './hash-groups.ts'
import type { ChangesAnswer, ChangesTask, DuplicateKeys, QueryTable } from './protocol.ts'
import { pairRows, type RowPair } from './row-pairs.ts'
import { jsonText } from './row-text.ts'

/** Keys that are shown of those that several rows have. */
const MOST_EXAMPLES = 10

/** Bytes that a row takes while it is compared: two hashes, or one; a mark; and where it was before. */
const BYTES_PER_ROW_OF_A_KEY = 21
const BYTES_PER_ROW = 9

/** Changes whose cells are read together at first, and how many characters those that follow may have as the first ones had. */
const PAIRS_AT_FIRST = 100
const MOST_LENGTH = 4_000_000

const MB = 1024 * 1024

/**
 * How memory is shared out while tables are compared, of that of a question. DuckDB does nothing but read and hash rows, for
 * which little does (and takes some 40 MB that it does not count); what is left is for the hashes.
 */
export function changesMemory(memoryBytes: number) {
  return {
    /** Of the process, with DuckDB's share: a quarter of the question's. */
    databaseBytes: memoryBytes / 4 + 48 * MB,
    hashBytes: (memoryBytes - 96 * MB) / 2,
    /** What the process may have before it begins. */
    idleBytes: memoryBytes / 2,
  }
}

/** The tables that have to be open; DuckDB opens no file twice. */
export function tablesOf({ since, until }: Pick<ChangesTask, 'since' | 'until'>): QueryTable[] {
  return [...new Set([since.file, until.file])].map((file) => ({ file, names: [] }))
}

/**
 * Compares two tables of a locked database. All of the SQL is ours. `hashBytes`: what hashes of rows may have. Rejects with a
 * TaskFailed, or with what DuckDB says.
 */
export async function answerChanges(
  connection: DuckDBConnection,
  task: ChangesTask,
  hashBytes: number,
): Promise<ChangesAnswer> {
  const { since, until, common, offset, limit } = task
  const untilDatabase = since.file === until.file ? 'f0' : 'f1'
  const tables: ComparedTables = {
    ...{ since, until, common, sinceRows: 'f0.t', untilRows: `${untilDatabase}.t` },
    sinceTypes: await typesOf(connection, 'f0'),
    untilTypes: await typesOf(connection, untilDatabase),
  }
  const hasKey = common.some(({ isKey }) => isKey)
  const found = await pairRows(await hashesOf(connection, tables, hashBytes), { hasKey, examples: MOST_EXAMPLES })
  const { counts, repeated } = found
  const duplicateKeys = { count: repeated.count, examples: await examplesOf(connection, tables, repeated.first) }
  const pairs = found.page(offset, limit)
  const hasMore = offset + pairs.length < counts.added + counts.removed + counts.changed
  return { rows: pairs.length, hasMore, ...(await writePage(connection, tables, task, pairs)), counts, duplicateKeys }
}

/** Reads the hashes of all rows of both tables. */
async function hashesOf(connection: DuckDBConnection, tables: ComparedTables, mostBytes: number): Promise<HashedRows> {
  const [[before = 0, now = 0] = []] = await numbers(connection, countRows(tables))
  const hasRest = restOf(tables).length > 0
  const rows = before + now
  const bytes = rows * (hasRest ? BYTES_PER_ROW_OF_A_KEY : BYTES_PER_ROW)
  if (bytes > mostBytes) {
    throw new TaskFailed({
      kind: 'limit',
      message: `both tables have ${rows} rows, and QUERY_MEMORY is too small to compare so many`,
    })
  }
  const key = new BigUint64Array(rows)
  const rest = hasRest ? new BigUint64Array(rows) : undefined
  for (const [side, start] of [
    [0, 0],
    [1, before],
  ] as const) {
    let row = start
    await eachPiece(connection, hashedRows(tables, side), (chunk) => {
      const vectors = [chunk.getColumnVector(0), rest && chunk.getColumnVector(1)] as const
      for (let index = 0; index < chunk.rowCount; index += 1, row += 1) {
        key[row] = vectors[0].getItem(index) as bigint
        if (rest !== undefined) rest[row] = vectors[1]?.getItem(index) as bigint
      }
    })
  }
  return { before, now, key: new Uint32Array(key.buffer), rest: rest && new Uint32Array(rest.buffer) }
}

async function writePage(
  connection: DuckDBConnection,
  tables: ComparedTables,
  task: ChangesTask,
  pairs: readonly RowPair[],
) {
  const content = new AnswerContent({ ...task, format: 'json' })
  try {
    const text = changeText(tables)
    let [atOnce, length] = [PAIRS_AT_FIRST, 0]
    for (let done = 0; done < pairs.length; ) {
      try {
        await eachPiece(connection, changedRows(tables, pairs.slice(done, done + atOnce)), (chunk) => {
          const vectors = Array.from({ length: chunk.columnCount }, (_, column) => chunk.getColumnVector(column))
          for (let row = 0; row < chunk.rowCount; row += 1, done += 1) {
            const change = text(vectors, row)
            length += change.length
            content.row(change)
          }
        })
        freeAll()
        // Each time all rows are gone through, so as many as may be.
        atOnce = Math.max(1, Math.floor((MOST_LENGTH * done) / length))
      } catch (error) {
        // Long texts of fewer rows may do.
        if (!(error instanceof Error && isOutOfMemory(error.message)) || atOnce === 1) throw error
        atOnce = Math.ceil(atOnce / 4)
      }
    }
    return content.end()
  } catch (error) {
    content.discard()
    throw error
  }
}

async function eachPiece(
  connection: DuckDBConnection,
  sql: string,
  take: (chunk: DuckDBDataChunk) => void,
): Promise<void> {
  const result = await connection.stream(sql)
  const free = pieceFreer()
  for (;;) {
    const chunk = await result.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) break
    take(chunk)
    free()
  }
}

/** The keys that several rows have, with their cells. */
async function examplesOf(
  connection: DuckDBConnection,
  tables: ComparedTables,
  repeated: readonly RepeatedKey[],
): Promise<DuplicateKeys['examples']> {
  const names = tables.common.filter(({ isKey }) => isKey).map(({ until }) => until)
  const cells = new Map<RepeatedKey, DuplicateKeys['examples'][number]['key']>()
  for (const side of [0, 1] as const) {
    const keys = repeated.filter(({ isNow }) => isNow === (side === 1))
    if (keys.length === 0) continue
    const reader = await connection.runAndReadAll(
      keysOf(
        tables,
        side,
        keys.map(({ place }) => place),
      ),
    )
    const types = reader.columnTypes()
    for (const [place, ...values] of reader.getRows()) {
      const named = names.map((name, index) => {
        const text = jsonText(values[index] ?? null, types[index + 1] ?? fail())
        return [name, JSON.parse(text) as unknown] as const
      })
      const key = keys.find((one) => one.place === Number(place))
      if (key !== undefined) cells.set(key, Object.fromEntries(named))
    }
  }
  return repeated.map((key) => ({ key: cells.get(key) ?? {}, since: key.since, until: key.until }))
}

function fail(): never {
  throw new TypeError('a column has no type')
}

async function typesOf(connection: DuckDBConnection, database: string): Promise<ColumnTypes> {
  const reader = await connection.runAndReadAll(
    `SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = '${database}' AND table_name = 't'`,
  )
  return new Map(reader.getRows().map(([name, type]) => [String(name), String(type)]))
}

async function numbers(connection: DuckDBConnection, sql: string): Promise<number[][]> {
  return (await connection.runAndReadAll(sql)).getRows().map((row) => row.map(Number))
}
