import { LRUCache } from 'lru-cache'
import { answerChanges, changesMemory, tablesOf } from './answer-changes.ts'
import { answerQuestion } from './answer-question.ts'
import { failureOf } from './duckdb-failures.ts'
import { exportParquet } from './export-parquet.ts'
import { freeAll } from './free-chunks.ts'
import { importTable } from './import-table.ts'
import { type LockedDatabase, openLocked } from './locked-database.ts'
import { parsedTables } from './parsed-sql.ts'
import type { ChangesAnswer, ChangesTask, EngineFailure, EngineTask, QueryTable } from './protocol.ts'

/** Databases that stay open for the next question about the same tables. */
const MOST_OPEN = 4

const open = new LRUCache<string, LockedDatabase>({ max: MOST_OPEN, dispose: (database) => database.close() })

let busy: LockedDatabase | undefined

/** Interrupts the question that is being answered. */
export function interrupt(): void {
  busy?.connection.interrupt()
}

/** Executes a task. Never rejects. */
export async function execute(
  { kind, task, timeLimitMs }: EngineTask,
  memoryBytes: number,
): Promise<{ readonly result: unknown } | { readonly failure: EngineFailure }> {
  const limit = setTimeout(interrupt, timeLimitMs)
  try {
    switch (kind) {
      case 'question':
        return { result: await answerQuestion(await openFor(task.tables, memoryBytes), task) }
      case 'changes':
        return { result: await compareTables(task, memoryBytes) }
      case 'tables':
        return { result: await tablesIn(task.sql, memoryBytes) }
      case 'import':
        return { result: await importTable(task, memoryBytes) }
      case 'parquet':
        return { result: await exportParquet(task, memoryBytes) }
    }
  } catch (error) {
    return { failure: failureOf(error, kind === 'question' ? task : kind === 'tables' ? { field: 'sql' } : undefined) }
  } finally {
    clearTimeout(limit)
    busy = undefined
  }
}

/** A database with these tables, kept open for the next question about them. */
async function openFor(tables: readonly QueryTable[], memoryBytes: number): Promise<LockedDatabase> {
  const key = JSON.stringify(tables)
  closeIdle(memoryBytes, key)
  let database = open.get(key)
  if (database === undefined) {
    database = await openLocked(tables, memoryBytes)
    open.set(key, database)
  }
  busy = database
  return database
}

/** Closes idle databases where the process has more than so many bytes, as the blocks that they hold are among them. */
function closeIdle(bytes: number, but?: string): void {
  if (process.memoryUsage.rss() > bytes) for (const other of [...open.keys()]) if (other !== but) open.delete(other)
}

/** Compares tables in a database of their own, which is not kept: it and the hashes of rows take all the memory there is. */
async function compareTables(task: ChangesTask, memoryBytes: number): Promise<ChangesAnswer> {
  const { databaseBytes, hashBytes, idleBytes } = changesMemory(memoryBytes)
  closeIdle(idleBytes)
  const database = await openLocked(tablesOf(task), databaseBytes)
  busy = database
  try {
    return await answerChanges(database.connection, task, hashBytes)
  } finally {
    database.close()
    freeAll()
  }
}

let parser: Promise<LockedDatabase> | undefined

/** The names of the tables that a SELECT reads, as it has them; by DuckDB's parser alone, so that nothing of it is run. */
async function tablesIn(sql: string, memoryBytes: number): Promise<readonly string[]> {
  parser ??= openLocked([], memoryBytes)
  const { connection } = await parser
  return parsedTables(connection, sql)
}
