import type { Rectangle } from '../model/rectangle.ts'
import { formatRange } from './a1.ts'
import type { CallLimits } from './call-budget.ts'

/** How far a call may go beyond its cells where that saves another one. */
const SLACK = 1.1

/** The share of a call from which on what is left of it is worth another range. */
const WORTH_A_RANGE = 1 / 4

/** Bytes of a call's URL beside its ranges, with some to spare: address, id, mask, options, perhaps a key. */
const URL_BASE = 700

/** Rows that are to be read of some columns of a tab. */
export interface Part {
  readonly title: string
  readonly startRow: number
  readonly endRow: number
  /** Runs of columns, each a range of its own; the ends not included. */
  readonly runs: readonly ColumnRun[]
  /** Rows that one call may read. */
  readonly mostRows: number
}

export type ColumnRun = readonly [startColumn: number, endColumn: number]

/** Packs parts into calls, one after the other; cells are shared out evenly between the calls that are still needed. */
export function* packCalls<P extends Part>(parts: readonly P[], limits: CallLimits): Generator<P[]> {
  const left = parts.filter(({ startRow, endRow }) => startRow < endRow)
  while (left.length > 0) {
    const most = limits.cells * SLACK
    const allCells = left.reduce((sum, part) => sum + cellsOf(part), 0)
    const limit = Math.ceil(allCells / Math.ceil(allCells / most))
    const call: P[] = []
    let cells = 0
    let url = URL_BASE
    for (let [part] = left; part !== undefined; part = left[0]) {
      const width = widthOf(part)
      const room = Math.floor((limit - cells) / width)
      // What is nearly all had better be all, and a little of a part is not worth a range.
      const isNearlyAll = cells + cellsOf(part) <= most
      const isWorthIt = isNearlyAll || room * width > limit * WORTH_A_RANGE
      url += partUrlBytes(part)
      if (call.length > 0 && (!isWorthIt || url > limits.urlBytes)) break
      const rows = isNearlyAll ? part.mostRows : Math.min(Math.max(room, 1), part.mostRows)
      const endRow = Math.min(part.endRow, part.startRow + rows)
      call.push({ ...part, endRow })
      cells += (endRow - part.startRow) * width
      left.shift()
      if (endRow === part.endRow) continue
      left.unshift({ ...part, startRow: endRow })
      break
    }
    yield call
  }
}

/** Whether a call's URL is no longer than it may be. */
export function fitsUrl(call: readonly Part[], limits: CallLimits): boolean {
  return call.reduce((sum, part) => sum + partUrlBytes(part), URL_BASE) <= limits.urlBytes
}

/** The rectangles of a part, one for each run of columns. */
export function rectanglesOf({ startRow, endRow, runs }: Part): Rectangle[] {
  return runs.map(([startColumn, endColumn]) => ({ startRow, endRow, startColumn, endColumn }))
}

/** Bytes that a range adds to the query of a URL, in which the client escapes all but unreserved characters (RFC 3986). */
export function urlBytes(title: string, rectangle: Rectangle): number {
  const range = encodeURIComponent(formatRange(title, rectangle).toWellFormed())
  return '&ranges='.length + range.replace(/[!'()*]/g, '%00').length
}

function partUrlBytes(part: Part): number {
  return rectanglesOf(part).reduce((sum, rectangle) => sum + urlBytes(part.title, rectangle), 0)
}

function widthOf({ runs }: Part): number {
  return runs.reduce((sum, [start, end]) => sum + end - start, 0)
}

function cellsOf(part: Part): number {
  return (part.endRow - part.startRow) * widthOf(part)
}
