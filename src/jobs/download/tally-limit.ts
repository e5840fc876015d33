import type { ColumnTally } from '../../model/column-schema.ts'
import type { WrittenArea } from '../../model/written-area.ts'

/**
 * Bytes that the tallies of all columns of a sync may have together, about: they stand in each of its checkpoints and in
 * the manifest, beside the names.
 */
export const MOST_TALLY_BYTES = 4_000_000

/** Bytes that a tally has in a manifest, its indentation included and the example aside. */
const COLUMN_BYTES = 140

export function tallyBytes(tallies: readonly ColumnTally[] | null): number {
  return (tallies ?? []).reduce((sum, { example }) => sum + COLUMN_BYTES + exampleBytes(example), 0)
}

/**
 * What is kept of the tallies of an area beside so many bytes of others: all, or all but the examples, or nothing. Rows
 * are worth more than what is known of them, so no sync fails for this.
 */
export function limitTallies(tallies: WrittenArea['tallies'], others: number): WrittenArea['tallies'] {
  if (tallies === null || tallyBytes(tallies) + others <= MOST_TALLY_BYTES) return tallies
  const bare = tallies.map((tally) => ({ ...tally, example: null }))
  return tallyBytes(bare) + others <= MOST_TALLY_BYTES ? bare : null
}

function exampleBytes(example: ColumnTally['example']): number {
  return typeof example === 'string' ? Buffer.byteLength(JSON.stringify(example)) : 0
}
