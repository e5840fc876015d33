import type { ManifestTab } from '../model/snapshot-manifest.ts'

/** What is known of the rows of one tab when all of them are there. */
export type CountedTab = Pick<ManifestTab, 'title' | 'rows' | 'columns' | 'columnNames' | 'rectangle' | 'tallies'>

/** Makes Parquet of rows, typed by what their columns hold. */
export interface ParquetEncoder {
  /** Rejects with QUERY_ENGINE_MISSING where no Parquet can be made. */
  assertAvailable(signal: AbortSignal): Promise<void>

  /**
   * The bytes of a Parquet file of these rows, NDJSON, in their order. Memory is bounded however many there are. Rejects
   * with a STORAGE_… or a QUERY_… error, or with the reason of the signal.
   */
  encode(rows: AsyncIterable<Uint8Array>, tab: CountedTab, signal: AbortSignal): AsyncIterable<Uint8Array>
}
