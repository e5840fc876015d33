import { z } from 'zod'

/** What cells that hold something are counted as; their order is that of the numbers in which a block is counted. */
export const VALUE_KINDS = [
  'text',
  /** A whole number that JavaScript holds exactly: within ±(2^53 − 1). */
  'integer',
  /** Any other number, a whole one beyond that included. */
  'number',
  'boolean',
  'date',
  /** A time of day, or a duration from 0 up to 24 hours: their digits are the same. */
  'time',
  'datetime',
  /** A duration that is no time of day: negative, or of 24 hours and more. */
  'duration',
  /** An error such as `#REF!`, kept as text. */
  'error',
] as const
export type ValueKind = (typeof VALUE_KINDS)[number]

export const COLUMN_TYPES = [
  'text',
  'integer',
  'number',
  'boolean',
  'date',
  'time',
  'datetime',
  'duration',
  'mixed',
  'empty',
] as const
export type ColumnType = (typeof COLUMN_TYPES)[number]

/** Characters of an example; a longer one is cut, and ends in `…`. */
export const EXAMPLE_CHARACTERS = 100

const whole = z.int().min(0)

/** What was counted of one column, over all cells of its rows so far; blank ones are those that the rows have beside. */
export const columnTally = z.object({
  /** Cells of each kind; kinds of which there are none are left out. */
  values: z.partialRecord(z.enum(VALUE_KINDS), whole),
  /** Characters (Unicode code points) of the longest string that JSON holds: text, a date, an error. */
  longest: whole,
  /** The first value that is no error, cut to {@link EXAMPLE_CHARACTERS}; `null` where there is none. */
  example: z.union([z.string(), z.number(), z.boolean()]).nullable(),
})
export type ColumnTally = z.output<typeof columnTally>

/** A column in which no cell holds anything. */
export const EMPTY_TALLY: ColumnTally = { values: {}, longest: 0, example: null }

/** What a column holds, over all its cells. */
export interface ColumnSchema {
  readonly type: ColumnType
  /** Whether any cell is blank. */
  readonly nullable: boolean
  readonly counts: Readonly<Record<ValueKind | 'blank', number>>
  readonly example: ColumnTally['example']
  readonly longest: number
}

/** The schema of a column that was counted over so many rows. */
export function columnSchema({ values, longest, example }: ColumnTally, rows: number): ColumnSchema {
  const blank = rows - Object.values(values).reduce((sum, count) => sum + count, 0)
  const none = Object.fromEntries(VALUE_KINDS.map((kind) => [kind, 0])) as Record<ValueKind, number>
  return { type: columnType(values), nullable: blank > 0, counts: { ...none, ...values, blank }, example, longest }
}

/** Kinds that one type stands for together: the more general one, which every value of the other is too. */
const GENERAL: readonly (readonly [narrow: ValueKind, general: ValueKind & ColumnType])[] = [
  ['integer', 'number'],
  // A date is the midnight of its day: Google shows both in a column of one format.
  ['date', 'datetime'],
  ['time', 'duration'],
]

/**
 * Whether a column of a type is one of another. Beside itself a type is the more general one; nothing but `empty` is a
 * column without a value, so that values that have gone are missed.
 */
export function isOfType(type: ColumnType, wanted: ColumnType): boolean {
  return type === wanted || GENERAL.some(([narrow, general]) => narrow === type && general === wanted)
}

/**
 * The type of a column by the kinds that it holds. Blank cells have no say, and errors only where nothing else is: then
 * they are the text that they show. Kinds that no one type stands for are `mixed`.
 */
export function columnType(values: ColumnTally['values']): ColumnType {
  const kinds = new Set(VALUE_KINDS.filter((kind) => (values[kind] ?? 0) > 0))
  const hasErrors = kinds.delete('error')
  for (const [narrow, general] of GENERAL) if (kinds.has(general)) kinds.delete(narrow)
  const [kind, ...others] = kinds
  if (kind === undefined) return hasErrors ? 'text' : 'empty'
  return others.length > 0 || kind === 'error' ? 'mixed' : kind
}
