import { z } from 'zod'
import { COLUMN_TYPES } from './column-schema.ts'
import { tabSelector } from './tab-selector.ts'

/** What must hold of the rows of a tab before they are published, every default filled in. */
export const expectation = z
  .object({
    tab: z.union([z.string(), z.number()]).nullable().describe('null: every tab, or range, that is downloaded'),
    columns: z.array(z.string()),
    minRows: z.number(),
    minRowsRatio: z.number().nullable(),
    types: z.record(z.string(), z.array(z.enum(COLUMN_TYPES))),
    loading: z.enum(['fail', 'allow']),
  })
  .meta({ id: 'Expectation' })
export type Expectation = Readonly<z.output<typeof expectation>>

/** Columns that one expectation may name. */
const MOST_COLUMNS = 1000
const MOST_EXPECTATIONS = 50

const columnType = z.enum(COLUMN_TYPES)

const expectationBody = z
  .strictObject({
    tab: tabSelector.optional().describe('The tab that this is expected of. Default: every tab, or range, downloaded.'),
    columns: z
      .array(z.string().min(1, 'must not be empty'))
      .max(MOST_COLUMNS, 'names more than 1,000 columns')
      .default([])
      .describe('Names that columns must have, exactly as in the rows: the letter of the column with headerRow 0.'),
    minRows: z
      .int('must be a whole number')
      .min(0, 'must be 0 or more')
      .max(10_000_000, 'is more than any spreadsheet has')
      .default(0)
      .describe('How many rows there must be, the header row not counted.'),
    minRowsRatio: z
      .number()
      .gt(0, 'must be more than 0')
      .max(1, 'must be 1 at most')
      .optional()
      .describe(
        'How many there must be for each row of the newest snapshot of the same tab (or range, as it is written) with the same headerRow, made with the same API key. Without one it is not checked, and a warning says so.',
      ),
    types: z
      .record(z.string(), z.union([columnType, z.array(columnType).min(1, 'must name at least one type')]))
      .refine((types) => Object.keys(types).length <= MOST_COLUMNS, 'names more than 1,000 columns')
      .default({})
      .describe(
        'The type of columns, or a list of types, as GET …/tabs/{tab}/schema tells them. integer is number too, date is datetime, time is duration; a column without a value is nothing but empty.',
      ),
    loading: expectation.shape.loading
      .default('fail')
      .describe('allow: cells may say Loading... even after they were waited for.'),
  })
  .meta({ id: 'ExpectationBody' })

/** `expect` in the body of `POST /syncs`. */
export const expectBody = z
  .union(
    [
      expectationBody,
      z
        .array(expectationBody)
        .min(1, 'must hold at least one expectation; leave it out to expect nothing')
        .max(MOST_EXPECTATIONS, 'holds more than 50 expectations'),
    ],
    'must be an object or an array of objects',
  )
  .optional()
  .describe(
    'What must hold of the rows, or of those of several tabs, before they are published. Where it does not, the sync fails with EXPECTATION_FAILED and the snapshot before it stays.',
  )

/** The expectations of a checked body, in their order. */
export function normalizeExpectations(body: z.output<typeof expectBody>): Expectation[] {
  const list = body === undefined ? [] : Array.isArray(body) ? body : [body]
  return list.map(({ tab = null, minRowsRatio = null, types, ...rest }) => ({
    tab,
    minRowsRatio,
    types: Object.fromEntries(
      Object.entries(types).map(([column, wanted]) => [
        column,
        COLUMN_TYPES.filter((type) => [wanted].flat().includes(type)),
      ]),
    ),
    ...rest,
  }))
}
