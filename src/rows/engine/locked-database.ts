import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { DuckDBInstance as Instance } from '@duckdb/node-api'
import { LRUCache } from 'lru-cache'
import { FirstRows } from './first-rows.ts'
import { OVERHEAD_BYTES, type QueryTable } from './protocol.ts'
import { identifier, literal } from './sql-text.ts'

/** Rows up to which only the columns that are sorted by are sorted, and the others read for those rows that are left. */
const LATE_ROWS = 10_001

/** Expressions that are remembered. */
const MOST_PROVED = 64

/** A database in memory. */
export interface OpenDatabase {
  readonly connection: DuckDBConnection
  close(): void
}

/** A database with nothing but read-only tables, which can reach no other file and no setting. */
export interface LockedDatabase extends OpenDatabase {
  /** A second connection, for questions that few rows are left for: these are read as they are found. */
  readonly narrow: DuckDBConnection
  readonly firstRows: FirstRows
  /** Texts that were proved to be one expression that reads nothing but these tables. */
  readonly proved: LRUCache<string, true>
  /** Interrupts what is running. */
  interrupt(): void
}

/**
 * Opens tables for questions, and locks the door: from then on no statement opens a file, loads an extension or changes a
 * setting (DuckDB, "Securing DuckDB"). Each is there as `f0.t`, `f1.t` …, and as a view under each of its names.
 */
export async function openLocked(tables: readonly QueryTable[], memoryBytes: number): Promise<LockedDatabase> {
  const instance = await openInstance(memoryBytes)
  try {
    const [connection, narrow] = [await instance.connect(), await instance.connect()]
    for (const [index, { file, names }] of tables.entries()) {
      await connection.run(`ATTACH ${literal(file)} AS f${index} (READ_ONLY)`)
      for (const name of names) await connection.run(`CREATE VIEW ${identifier(name)} AS SELECT * FROM f${index}.t`)
    }
    await connection.run(`SET SESSION late_materialization_max_rows = ${LATE_ROWS}`)
    await narrow.run('SET SESSION late_materialization_max_rows = 0')
    for (const lock of LOCKS) await connection.run(lock)
    return {
      connection,
      narrow,
      firstRows: new FirstRows(narrow),
      proved: new LRUCache({ max: MOST_PROVED }),
      interrupt() {
        connection.interrupt()
        narrow.interrupt()
      },
      close() {
        narrow.closeSync()
        closeAll(connection, instance)
      },
    }
  } catch (error) {
    instance.closeSync()
    throw error
  }
}

const LOCKS = [
  'SET enable_external_access = false',
  'SET autoload_known_extensions = false',
  'SET autoinstall_known_extensions = false',
  'SET lock_configuration = true',
]

/** A database in memory that can reach files; for tasks in which nothing is text of a user. */
export async function openTrusted(memoryBytes: number): Promise<OpenDatabase> {
  const instance = await openInstance(memoryBytes)
  try {
    const connection = await instance.connect()
    return { connection, close: () => closeAll(connection, instance) }
  } catch (error) {
    instance.closeSync()
    throw error
  }
}

/** Bytes of the process that are not DuckDB's once it has begun: Node, both programs, and a piece of an answer. */
const BESIDE_BYTES = process.memoryUsage.rss() + 24 * 1024 * 1024
/** With less of it DuckDB opens no table. */
const LEAST_BYTES = 32 * 1024 * 1024

/** `memoryBytes`: of the whole process. What DuckDB reads of tables stays in its memory until that is full. */
function openInstance(memoryBytes: number): Promise<DuckDBInstance> {
  const own = Math.max(LEAST_BYTES, memoryBytes + OVERHEAD_BYTES - BESIDE_BYTES)
  return Instance.create(':memory:', {
    threads: '1',
    memory_limit: `${Math.floor(own / 1024)}KiB`,
    // Nothing spills to the disk, whose space belongs to the snapshots.
    temp_directory: '',
    allow_persistent_secrets: 'false',
  })
}

function closeAll(connection: DuckDBConnection, instance: DuckDBInstance): void {
  connection.closeSync()
  instance.closeSync()
}
