import { z } from 'zod'
import { columnTally } from './column-schema.ts'
import { snapshotManifest } from './snapshot-manifest.ts'

const whole = z.int().min(0)

/** How much of an area stands in the files of a draft, and what must be known to go on; a checkpoint keeps it. */
export const writtenArea = z.object({
  /** The first row of the grid that is not written yet. */
  nextRow: whole,
  /** The header cells as text; `null` before they were read, and where rows are arrays. */
  header: z.array(z.string()).nullable(),
  /** 0-based columns of the area that held a number so far. */
  numberColumns: z.array(whole),
  /** Rows written, and blank ones seen after them, which only count if another row follows. */
  rows: whole,
  blankRows: whole,
  /** Cells that hold something, and those of them that show an error. */
  cells: whole,
  errors: whole,
  /** Cells that still say `Loading...`. */
  loading: whole,
  /** Columns up to the last that holds something, and how many of them were known when the head and the first row were written. */
  width: whole,
  headWidth: whole,
  rowWidth: whole.nullable(),
  /**
   * What the cells of each column are; `null` where that is not known: in a checkpoint of an earlier release, or because
   * there are too many columns.
   */
  tallies: z.array(columnTally).nullable().default(null),
  /** Set when all is written. */
  files: snapshotManifest.shape.tabs.element.shape.files.nullable(),
})
export type WrittenArea = z.output<typeof writtenArea>
export type WrittenFile = NonNullable<WrittenArea['files']>[number]

/** An area of which nothing is written, whose first row is this one. */
export function unwrittenArea(nextRow: number): WrittenArea {
  return {
    nextRow,
    header: null,
    numberColumns: [],
    rows: 0,
    blankRows: 0,
    cells: 0,
    errors: 0,
    loading: 0,
    width: 0,
    headWidth: 0,
    rowWidth: null,
    tallies: [],
    files: null,
  }
}
