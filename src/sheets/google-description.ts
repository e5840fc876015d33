import { z } from 'zod'
import type { GridReference } from './a1.ts'
import type { Body } from './answer-body.ts'
import { CallFault } from './call-fault.ts'
import { parseJson } from './parse-json.ts'

const index = z.int().min(0).optional()

const tab = z
  .object({
    properties: z.object({
      sheetId: z.int().default(0),
      title: z.string(),
      hidden: z.boolean().default(false),
      sheetType: z.string().default('GRID'),
      gridProperties: z.object({ rowCount: z.int().default(0), columnCount: z.int().default(0) }).optional(),
    }),
  })
  .transform(({ properties: { sheetId: gid, title, hidden, sheetType, gridProperties } }) => {
    const isGrid = sheetType === 'GRID' && gridProperties !== undefined
    /** Absent for a tab that is no grid, such as a chart. */
    const grid = isGrid ? { rows: gridProperties.rowCount, columns: gridProperties.columnCount } : undefined
    return { gid, title, hidden, grid }
  })

const namedRange = z
  .object({
    name: z.string(),
    range: z
      .object({
        sheetId: z.int().optional(),
        startRowIndex: index,
        endRowIndex: index,
        startColumnIndex: index,
        endColumnIndex: index,
      })
      .prefault({}),
  })
  .transform(({ name, range }) => {
    const { sheetId: gid = 0, startRowIndex: startRow, endRowIndex: endRow } = range
    const { startColumnIndex: startColumn, endColumnIndex: endColumn } = range
    const isGone = Object.values(range).every((bound) => bound === undefined)
    /** Absent for a name whose cells are gone, of which nothing is said at all. */
    const reference: GridReference | undefined = isGone ? undefined : { startRow, endRow, startColumn, endColumn }
    return { name, gid, reference }
  })

/** What is read of a `Spreadsheet`. Google leaves out what is 0, false or open. */
const spreadsheet = z
  .object({
    properties: z.object({
      title: z.string().default(''),
      timeZone: z.string().nullable().default(null),
      locale: z.string().nullable().default(null),
    }),
    sheets: z.array(tab).default([]),
    namedRanges: z.array(namedRange).default([]),
  })
  .transform(({ properties, sheets: tabs, namedRanges }) => ({ ...properties, tabs, namedRanges }))

/** What a spreadsheet is made of, without its cells. */
export type SpreadsheetDescription = z.output<typeof spreadsheet>
export type TabDescription = z.output<typeof tab>

/** Reads the body of an answer as JSON; throws a `garbled` fault where it is none. */
export function parseBody(body: Body): unknown {
  const value = parseJson(new TextDecoder().decode(body))
  if (value === undefined) throw new CallFault('garbled', 'The answer is not the JSON that Google sends.')
  return value
}

/** Reads the answer of `spreadsheets.get`; throws a `garbled` fault where it is something else. */
export function asDescription(answer: unknown): SpreadsheetDescription {
  const parsed = spreadsheet.safeParse(answer)
  if (!parsed.success) throw new CallFault('garbled', 'The answer describes no spreadsheet.')
  return parsed.data
}

const file = z.object({ version: z.string().optional().catch(undefined) }).catch({ version: undefined })

/** Reads the answer of Drive's `files.get`: the version, or `undefined` where it says none that is a text. */
export function asVersion(answer: unknown): string | undefined {
  return file.parse(answer).version
}
