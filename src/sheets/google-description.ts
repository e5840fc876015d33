import { z } from 'zod'
import type { Rectangle } from '../model/rectangle.ts'
import type { Body } from './answer-body.ts'
import { CallFault } from './call-fault.ts'

const index = z.int().min(0).optional()

/** What is read of a `Spreadsheet`. Google leaves out what is 0, false or open. */
const spreadsheet = z.object({
  properties: z.object({ title: z.string().default('') }),
  sheets: z
    .array(
      z.object({
        properties: z.object({
          sheetId: z.int().default(0),
          title: z.string(),
          hidden: z.boolean().default(false),
          sheetType: z.string().default('GRID'),
          gridProperties: z.object({ rowCount: z.int().default(0), columnCount: z.int().default(0) }).optional(),
        }),
      }),
    )
    .default([]),
  namedRanges: z
    .array(
      z.object({
        name: z.string(),
        range: z
          .object({
            sheetId: z.int().default(0),
            startRowIndex: index,
            endRowIndex: index,
            startColumnIndex: index,
            endColumnIndex: index,
          })
          .prefault({}),
      }),
    )
    .default([]),
})

/** What a spreadsheet is made of, without its cells. */
export interface SpreadsheetDescription {
  readonly title: string
  readonly tabs: readonly TabDescription[]
  readonly namedRanges: readonly NamedRangeDescription[]
}

export interface TabDescription {
  readonly gid: number
  readonly title: string
  readonly hidden: boolean
  /** Absent for a tab that is no grid, such as a chart. */
  readonly grid?: { readonly rows: number; readonly columns: number }
}

interface NamedRangeDescription {
  readonly name: string
  readonly gid: number
  /** Absent bounds are open, as in Google's GridRange. */
  readonly range: Partial<Rectangle>
}

/** Reads the body of an answer as JSON; throws a `garbled` fault where it is none. */
export function parseBody(body: Body): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch (error) {
    if (error instanceof SyntaxError) throw new CallFault('garbled', 'The answer is not the JSON that Google sends.')
    throw error
  }
}

/** Reads the answer of `spreadsheets.get`; throws a `garbled` fault where it is something else. */
export function asDescription(answer: unknown): SpreadsheetDescription {
  const parsed = spreadsheet.safeParse(answer)
  if (!parsed.success) throw new CallFault('garbled', 'The answer describes no spreadsheet.')
  const { properties, sheets, namedRanges } = parsed.data
  return {
    title: properties.title,
    tabs: sheets.map(({ properties: { sheetId, title, hidden, sheetType, gridProperties: grid } }) => ({
      gid: sheetId,
      title,
      hidden,
      ...(sheetType === 'GRID' && grid !== undefined && { grid: { rows: grid.rowCount, columns: grid.columnCount } }),
    })),
    namedRanges: namedRanges.map(({ name, range }) => ({
      name,
      gid: range.sheetId,
      range: {
        ...(range.startRowIndex !== undefined && { startRow: range.startRowIndex }),
        ...(range.endRowIndex !== undefined && { endRow: range.endRowIndex }),
        ...(range.startColumnIndex !== undefined && { startColumn: range.startColumnIndex }),
        ...(range.endColumnIndex !== undefined && { endColumn: range.endColumnIndex }),
      },
    })),
  }
}
