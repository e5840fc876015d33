import { type CellBytes, DATE, NUMBER } from '../blocks/block.ts'
import { CellReader } from '../blocks/cell-reader.ts'
import { withCellWriter } from '../blocks/cell-writer.ts'
import { DAY_MS, EPOCH_MS, HOUR_MS } from './moment-parts.ts'
import { NOT_LOADED, type ShownCodes, ShownReader } from './shown-codes.ts'
import type { Moment } from './shown-moment.ts'

/** Whose functions tell dates in a worker thread. */
export const DATES_MODULE = import.meta.url

/** The times that a JavaScript Date can hold lie within so many milliseconds of 1970 (ECMA-262, Time Values). */
const FURTHEST_MS = 8.64e15

/**
 * A serial number as ISO text in the spreadsheet's own zone, by what it is: `2024-01-31`, `2024-01-31T13:45:00`,
 * `13:45:00`, or a duration, `30:15:00` or `-06:00:00`, of at least two digits of hours. A date whose number has a
 * fraction of a day is told with its time, so that nothing is lost; milliseconds only where there are some. `undefined`
 * for a number that is no date JavaScript can tell.
 */
export function isoFromSerial(serial: number, moment: Moment): string | undefined {
  // A double holds a time of our days to half a microsecond, so rounding to milliseconds only takes noise away.
  const total = Math.round(serial * DAY_MS)
  if (Math.abs(EPOCH_MS + total) > FURTHEST_MS) return undefined
  if (moment === 'duration') {
    const size = Math.abs(total)
    const hours = String(Math.floor(size / HOUR_MS)).padStart(2, '0')
    return `${total < 0 ? '-' : ''}${hours}${withoutZeros(new Date(size % HOUR_MS).toISOString().slice(13))}`
  }
  if (moment === 'time') {
    const day = Math.floor(serial)
    // The last instant of a day is no time of the next one.
    const since = Math.min(total - day * DAY_MS, DAY_MS - 1)
    return withoutZeros(new Date(since).toISOString().slice(11))
  }
  const iso = new Date(EPOCH_MS + total).toISOString()
  return moment === 'date' && Number.isInteger(serial) ? iso.slice(0, iso.indexOf('T')) : withoutZeros(iso)
}

/** The text of a time without its zone and without milliseconds of which there are none. */
function withoutZeros(iso: string): string {
  return iso.slice(0, iso.endsWith('.000Z') ? -5 : -1)
}

/** Rows, and for some of their columns how each cell is shown. The buffers belong to the task. */
export interface DatesTask extends ShownCodes {
  readonly cells: CellBytes
  readonly rows: number
  /** 0-based columns, ascending, that the codes are of: row by row, one for each of these columns. */
  readonly columns: readonly number[]
}

/** Dates whose text is remembered; columns of days repeat few of them. */
const REMEMBERED = 5000

export interface DatedCells {
  readonly cells: CellBytes
  /** Numbers that had not loaded when they were read as they are shown, so that nobody knows what they are. */
  readonly notLoaded: number
}

/** Makes dates, times and durations of the numbers that are shown as such. */
export function applyDates({ cells, rows, columns, codes, texts }: DatesTask): DatedCells {
  const indexes: number[] = []
  for (const [index, column] of columns.entries()) indexes[column] = index
  const shown = new ShownReader(texts)
  const isoTexts = { date: new Map(), dateTime: new Map(), time: new Map(), duration: new Map() }
  const reader = new CellReader(cells)
  let notLoaded = 0
  return withCellWriter(cells.length, (out) => {
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; reader.nextCell(); column += 1) {
        const { kind, bytes, start, end } = reader
        const index = kind === NUMBER ? indexes[column] : undefined
        const code = index === undefined ? 0 : (codes[row * columns.length + index] ?? 0)
        let text: string | undefined
        if (code === NOT_LOADED) notLoaded += 1
        else if (code !== 0) {
          const serial = reader.number()
          const moment = shown.moment(code, serial)
          if (moment !== undefined) text = isoText(serial, moment, isoTexts[moment])
        }
        if (text === undefined) out.cell(kind, bytes, start, end)
        else out.asciiCell(DATE, text)
      }
      out.endRow()
    }
    return { cells: out.takeCopy(cells.buffer), notLoaded }
  })
}

function isoText(serial: number, moment: Moment, texts: Map<number, string | undefined>): string | undefined {
  let text = texts.get(serial)
  if (text === undefined) {
    text = isoFromSerial(serial, moment)
    if (texts.size < REMEMBERED) texts.set(serial, text)
  }
  return text
}
