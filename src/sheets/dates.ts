import { type CellBytes, type CellKind, DATE, ESCAPED_TEXT, NUMBER, TEXT } from '../blocks/block.ts'
import { CellReader } from '../blocks/cell-reader.ts'
import { withCellWriter } from '../blocks/cell-writer.ts'

/** Whose functions tell dates in a worker thread. */
export const DATES_MODULE = import.meta.url

const DAY_MS = 86_400_000

/** Serial day 0: "the number of days since December 30th 1899" (Google, DateTimeRenderOption). */
const EPOCH_MS = Date.UTC(1899, 11, 30)

/** The times that a JavaScript Date can hold lie within so many milliseconds of 1970 (ECMA-262, Time Values). */
const FURTHEST_MS = 8.64e15

/**
 * A serial number as ISO text in the spreadsheet's own zone: `13:45:00` from 0 up to 1, `2024-01-31` for a whole
 * number, else `2024-01-31T13:45:00`; milliseconds only where there are some. A number that is no date JavaScript can
 * tell comes back as it is.
 */
export function isoFromSerial(serial: number): string | number {
  const isTime = serial >= 0 && serial < 1
  // A double holds a time of our days to half a microsecond, so rounding to milliseconds only takes noise away.
  const rounded = Math.round(serial * DAY_MS)
  const since = EPOCH_MS + (isTime ? Math.min(rounded, DAY_MS - 1) : rounded)
  if (Math.abs(since) > FURTHEST_MS) return serial
  const iso = new Date(since).toISOString()
  const at = iso.indexOf('T')
  if (!isTime && Number.isInteger(serial)) return iso.slice(0, at)
  const end = iso.endsWith('.000Z') ? -5 : -1
  return iso.slice(isTime ? at + 1 : 0, end)
}

/** How a cell is shown, as far as that decides what is a date. */
const SHOWN_OTHERWISE = 0
const SHOWN_AS_TEXT = 1

/**
 * What the second read of a cell, as text where it is a date, says of it. Google sends numbers as numbers in that read
 * too, so a number of the first read that comes as text in the second one is a date, a time or both.
 */
export function shownCode(kind: CellKind): number {
  return kind === TEXT || kind === ESCAPED_TEXT ? SHOWN_AS_TEXT : SHOWN_OTHERWISE
}

/** Rows, and for some of their columns how each cell is shown. The buffers belong to the task. */
export interface DatesTask {
  readonly cells: CellBytes
  readonly rows: number
  /** 0-based columns, ascending, that the codes are of: row by row, one for each of these columns. */
  readonly columns: readonly number[]
  readonly codes: Uint8Array<ArrayBuffer>
}

/** Dates whose text is remembered; columns of days repeat few of them. */
const REMEMBERED = 5000

/** Whether no cell with these codes can be a date. */
export function areAllNumbers(codes: Uint8Array): boolean {
  return !codes.includes(SHOWN_AS_TEXT)
}

/** Makes dates of the numbers that are shown as such. */
export function applyDates({ cells, rows, columns, codes }: DatesTask): CellBytes {
  const indexes: number[] = []
  for (const [index, column] of columns.entries()) indexes[column] = index
  const texts = new Map<number, string | number>()
  const reader = new CellReader(cells)
  return withCellWriter(cells.length, (out) => {
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; reader.nextCell(); column += 1) {
        const { kind, bytes, start, end } = reader
        const index = kind === NUMBER ? indexes[column] : undefined
        const isDate = index !== undefined && codes[row * columns.length + index] === SHOWN_AS_TEXT
        const text = isDate ? dateText(reader.number(), texts) : undefined
        if (text === undefined) out.cell(kind, bytes, start, end)
        else out.asciiCell(DATE, text)
      }
      out.endRow()
    }
    return out.takeCopy(cells.buffer)
  })
}

/** The date that a serial number stands for; `undefined` where it is none that JavaScript can tell. */
function dateText(serial: number, texts: Map<number, string | number>): string | undefined {
  let text = texts.get(serial)
  if (text === undefined) {
    text = isoFromSerial(serial)
    if (texts.size < REMEMBERED) texts.set(serial, text)
  }
  return typeof text === 'string' ? text : undefined
}
