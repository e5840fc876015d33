import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { toDiskError } from '../disk/disk-errors.ts'
import { AppError } from '../errors.ts'
import type { CountedTab, ParquetEncoder } from '../ports/parquet-encoder.ts'
import type { QueryEngine } from './engine/query-engine.ts'
import type { TableCache } from './table-cache.ts'
import { tableColumns } from './table-source.ts'

/** In whose name all syncs ask the engine, which is theirs alone. */
const OWNER = 'syncs'

/** Makes Parquet by the query engine, by way of a table on the disk of its cache. */
export class ParquetFiles implements ParquetEncoder {
  readonly #engine: QueryEngine
  readonly #tables: TableCache

  constructor(engine: QueryEngine, tables: TableCache) {
    this.#engine = engine
    this.#tables = tables
  }

  async assertAvailable(signal: AbortSignal): Promise<void> {
    await this.#engine.tablesIn('SELECT 1', { owner: OWNER, signal })
  }

  async *encode(rows: AsyncIterable<Uint8Array>, tab: CountedTab, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const asking = { owner: OWNER, signal }
    const made = await this.#tables.temporary()
    const target = await this.#tables.temporary()
    try {
      const areLists = tab.columnNames === null
      const columns = tableColumns(tab)
      await this.#tables.importRows(rows, { format: 'ndjson', areLists, columns, target: made }, asking)
      await this.#engine.exportParquet({ table: made, target, columns: columns.length }, asking)
      yield* createReadStream(target, { signal })
    } catch (error) {
      throw error instanceof AppError || signal.aborted ? error : toDiskError(error, 'Parquet cannot be made')
    } finally {
      // A process that was killed leaves the pieces too.
      await Promise.all([made, target, `${target}.parts`].map((path) => rm(path, { force: true, recursive: true })))
    }
  }
}
