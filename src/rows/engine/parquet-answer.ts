import { readFileSync, rmSync, statSync } from 'node:fs'
import type { DuckDBResult } from '@duckdb/node-api'
import { TaskFailed } from './duckdb-failures.ts'
import { openTrusted } from './locked-database.ts'
import { INLINE_BYTES, type Question } from './protocol.ts'
import { identifier, literal } from './sql-text.ts'

/** What a Parquet file is made with: what every reader of today has. */
export const PARQUET_OPTIONS = 'FORMAT parquet, COMPRESSION zstd'

interface Written {
  readonly rows: number
  readonly hasMore: boolean
  readonly bytes: number
  readonly content: Uint8Array | undefined
}

/**
 * Writes rows as a Parquet file. They go by way of a table in a database of its own, as the locked one may not write; its
 * memory counts like that of the question.
 */
export async function writeParquet(
  result: DuckDBResult,
  names: readonly string[],
  { limit, answerFile, maxBytes }: Question,
): Promise<Written> {
  const { connection, close } = await openTrusted(128 * 1024 * 1024)
  try {
    const types = result.columnTypes()
    const columns = names.map((name, index) => `${identifier(name)} ${types[index]}`)
    await connection.run(`CREATE TABLE answer (${columns.join(', ')})`)
    const appender = await connection.createAppender('answer')
    let rows = 0
    // A chunk is taken whole or not at all, so the rows of the last one are cut off afterwards.
    for (
      let chunk = await result.fetchChunk();
      chunk !== null && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      appender.appendDataChunk(chunk)
      rows += chunk.rowCount
      if (rows > limit) break
    }
    appender.closeSync()
    const source = `SELECT * FROM answer ORDER BY rowid LIMIT ${limit}`
    await connection.run(`COPY (${source}) TO ${literal(answerFile)} (${PARQUET_OPTIONS})`)
    const { size } = statSync(answerFile)
    if (size > maxBytes) {
      rmSync(answerFile)
      throw new TaskFailed({ kind: 'limit', message: `the answer has more than ${maxBytes} bytes` })
    }
    const outcome = { rows: Math.min(rows, limit), hasMore: rows > limit, bytes: size }
    if (size > INLINE_BYTES) return { ...outcome, content: undefined }
    const content = readFileSync(answerFile)
    rmSync(answerFile)
    return { ...outcome, content }
  } finally {
    close()
  }
}
