import { BLANK, type CellBytes, type CellKind, DATE, ESCAPED_TEXT, NUMBER, TEXT, TRUE } from '../../blocks/block.ts'
import { CellReader } from '../../blocks/cell-reader.ts'
import {
  type ColumnTally,
  EMPTY_TALLY,
  EXAMPLE_CHARACTERS,
  VALUE_KINDS,
  type ValueKind,
} from '../../model/column-schema.ts'
import { isErrorValue, LONGEST_ERROR } from '../../model/error-values.ts'

/** What a block holds of each kind, column by column: a few bytes each, that change threads without a copy. */
export interface BlockTally {
  /** For each column the cells of each kind, in the order of {@link VALUE_KINDS}. */
  readonly counts: Uint32Array<ArrayBuffer>
  /** Characters of the longest string of each column. */
  readonly longest: Uint32Array<ArrayBuffer>
  readonly examples: readonly ColumnTally['example'][]
}

const KINDS = VALUE_KINDS.length
const [OF_TEXT, OF_INTEGER, OF_NUMBER, OF_BOOLEAN, OF_DATE, OF_TIME, OF_DATE_TIME, OF_DURATION, OF_ERROR] = (
  ['text', 'integer', 'number', 'boolean', 'date', 'time', 'datetime', 'duration', 'error'] satisfies ValueKind[]
).map((kind) => VALUE_KINDS.indexOf(kind)) as [number, number, number, number, number, number, number, number, number]

const HASH = 0x23
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
/** As many digits are always less than 2^53. */
const SAFE_DIGITS = 15
/** Bytes of `-01-31`, with which a date ends. */
const MONTH_AND_DAY = 6

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Counts the cells of so many rows that have so many columns at most. */
export function tallyBlock(cells: CellBytes, rows: number, width: number): BlockTally {
  const counts = new Uint32Array(width * KINDS)
  const longest = new Uint32Array(width)
  const examples = new Array<ColumnTally['example']>(width).fill(null)
  const reader = new CellReader(cells)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; reader.nextCell(); column += 1) {
      const { kind, start, end } = reader
      if (kind === BLANK) continue
      let of = OF_BOOLEAN
      if (kind === NUMBER) of = isInteger(cells, start, end) ? OF_INTEGER : OF_NUMBER
      else if (kind === DATE) of = kindOfDate(cells, start, end)
      else if (kind === ESCAPED_TEXT) of = OF_TEXT
      else if (kind === TEXT) of = cells[start] === HASH && isError(cells, start, end) ? OF_ERROR : OF_TEXT
      const index = column * KINDS + of
      const before = counts[index] ?? 0
      counts[index] = before + 1
      // Only the first of its kind can be the first of its column.
      if (before === 0 && examples[column] === null && of !== OF_ERROR) examples[column] = exampleOf(reader)
      // No string has more characters than bytes.
      if (isString(kind) && end - start > (longest[column] ?? 0)) {
        longest[column] = Math.max(longest[column] ?? 0, charactersOf(reader))
      }
    }
  }
  return { counts, longest, examples }
}

/** Adds what a block holds to what was counted before it; `null` where that is not known. */
export function addTally(before: readonly ColumnTally[] | null, block: BlockTally | undefined, width: number) {
  if (before === null) return null
  return Array.from({ length: width }, (_, column): ColumnTally => {
    const { values, longest, example } = before[column] ?? EMPTY_TALLY
    const counted = block?.counts.subarray(column * KINDS, (column + 1) * KINDS)
    if (counted === undefined || counted.every((count) => count === 0)) return before[column] ?? EMPTY_TALLY
    const sums = VALUE_KINDS.map((kind, index) => [kind, (values[kind] ?? 0) + (counted[index] ?? 0)] as const)
    return {
      values: Object.fromEntries(sums.filter(([, count]) => count > 0)),
      longest: Math.max(longest, block?.longest[column] ?? 0),
      example: example ?? block?.examples[column] ?? null,
    }
  })
}

function isString(kind: CellKind): boolean {
  return kind === TEXT || kind === ESCAPED_TEXT || kind === DATE
}

function isError(bytes: CellBytes, start: number, end: number): boolean {
  return end - start <= LONGEST_ERROR && isErrorValue(asciiOf(bytes, start, end))
}

/** Whether a number is whole and exact. */
function isInteger(bytes: CellBytes, start: number, end: number): boolean {
  let hasFraction = false
  for (let at = end - 1; at > start; at -= 1) {
    const byte = bytes[at] ?? 0
    if (byte === DOT) {
      if (hasFraction) return false
    } else if (byte < ZERO || byte > NINE) {
      // The exponent and its sign: seldom enough for a conversion.
      return Number.isSafeInteger(Number(asciiOf(bytes, start, end)))
    } else if (byte !== ZERO) hasFraction = true
  }
  return end - start <= SAFE_DIGITS || Number.isSafeInteger(Number(asciiOf(bytes, start, end)))
}

/** Which of the ISO texts of {@link DATE} it is: the first sign between its digits tells. */
function kindOfDate(bytes: CellBytes, start: number, end: number): number {
  let at = start + 1
  while (at < end && bytes[at] !== COLON && bytes[at] !== MINUS) at += 1
  if (bytes[at] === MINUS) return end - at === MONTH_AND_DAY ? OF_DATE : OF_DATE_TIME
  const hours = (bytes[start] ?? 0) * 10 + (bytes[start + 1] ?? 0) - ZERO * 11
  return at === start + 2 && hours < 24 ? OF_TIME : OF_DURATION
}

function asciiOf(bytes: CellBytes, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end))
}

function charactersOf(reader: CellReader): number {
  const { bytes, kind, start, end } = reader
  let characters = 0
  if (kind === ESCAPED_TEXT) for (const _ of reader.text()) characters += 1
  // A byte that goes on with a character begins with the bits 10 (RFC 3629, section 3).
  else for (let at = start; at < end; at += 1) if (((bytes[at] ?? 0) & 0xc0) !== 0x80) characters += 1
  return characters
}

function exampleOf(reader: CellReader): ColumnTally['example'] {
  const { bytes, kind, start, end } = reader
  if (kind === NUMBER) return Number(reader.text())
  if (!isString(kind)) return kind === TRUE
  // A character has four bytes at most; one that is cut off is not among the first.
  const isLong = kind === TEXT && end - start > (EXAMPLE_CHARACTERS + 1) * 4
  const text = isLong ? utf8.decode(bytes.subarray(start, start + (EXAMPLE_CHARACTERS + 1) * 4)) : reader.text()
  if (text.length <= EXAMPLE_CHARACTERS) return text
  const characters = [...text.slice(0, (EXAMPLE_CHARACTERS + 1) * 2)]
  return characters.length <= EXAMPLE_CHARACTERS ? text : `${characters.slice(0, EXAMPLE_CHARACTERS - 1).join('')}…`
}
