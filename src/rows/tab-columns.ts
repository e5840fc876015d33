import { columnNamesOf } from '../blocks/column-names.ts'
import { AppError } from '../errors.ts'
import { type ColumnSchema, columnSchema, EMPTY_TALLY } from '../model/column-schema.ts'
import type { CountedTab } from '../ports/parquet-encoder.ts'
import { engineNames } from './engine-names.ts'

/** A column of a tab: what it is called, and what it holds. */
export interface TabColumn extends ColumnSchema {
  /** The key in JSON rows and the field in CSV's first line; the column's letter where rows are arrays. */
  readonly name: string
  /** What the engine calls it: the name, with a number where another column has it in another case. */
  readonly column: string
}

/** The columns of a tab. Throws SCHEMA_NOT_KEPT where they were not counted. */
export function tabColumns(tab: CountedTab): TabColumn[] {
  const { tallies, rows, title } = tab
  if (tallies === null) {
    throw new AppError(
      'SCHEMA_NOT_KEPT',
      `What the columns of ${JSON.stringify(title)} hold was not counted: an earlier release has made this snapshot, or there are too many columns.`,
    )
  }
  const names = columnNamesOf(tab)
  const unlike = engineNames(names)
  return names.map((name, index) => ({
    name,
    column: unlike[index] ?? name,
    ...columnSchema(tallies[index] ?? EMPTY_TALLY, rows),
  }))
}
