import {
  type AreaPlan,
  type CallLimits,
  type PlannedRange,
  type PlannedRead,
  SLACK,
  WORTH_A_RANGE,
} from './area-plan.ts'
import { URL_BASE, urlBytes } from './url-bytes.ts'

/** Columns between two others that may be read along, so that one range does for both. */
const GAPS = [0, 1, 3, Number.POSITIVE_INFINITY]

/** Some rows of some columns of an area. */
interface DatePart {
  readonly plan: AreaPlan
  readonly startRow: number
  readonly endRow: number
  readonly columns: readonly number[]
}

/**
 * Plans the next read of dates, which goes on where the last one ended, over area after area. Each run of columns is a
 * range of its own, unless joining runs over the columns between them needs fewer calls: few ranges make a short URL,
 * many make few cells.
 */
export function planDates(wave: readonly AreaPlan[], limits: CallLimits): PlannedRead {
  const open = wave.filter(({ numberColumns, nextDateRow, rectangle }) => {
    return numberColumns.length > 0 && nextDateRow < rectangle.endRow
  })
  let best = packDates(open, limits, 0)
  let gap = 0
  for (const other of GAPS.slice(1)) {
    if (best.calls <= 1) break
    const packed = packDates(open, limits, other)
    if (packed.calls < best.calls) [best, gap] = [packed, other]
  }
  for (const { plan, endRow } of best.first) plan.nextDateRow = endRow
  return { kind: 'dates', ranges: best.first.flatMap((part) => rangesOf(part, gap)) }
}

/** Plans a read of dates for columns in which numbers were first met at a row, as far as dates are planned for others. */
export function planLateDates(
  plan: AreaPlan,
  columns: readonly number[],
  row: number,
  limits: CallLimits,
): PlannedRead {
  if (plan.numberColumns.length === 0) plan.nextDateRow = plan.nextRow
  const rows = Math.max(1, Math.floor(limits.cells / columns.length))
  const part = { plan, startRow: row, endRow: Math.min(plan.nextDateRow, row + rows), columns }
  const ranges = rangesOf(part, 0)
  return { kind: 'dates', ranges: urlOf(ranges) <= limits.urlBytes - URL_BASE ? ranges : rangesOf(part, Infinity) }
}

/** Packs the dates of all that is left into calls; keeps the first one and counts them. */
function packDates(plans: readonly AreaPlan[], limits: CallLimits, gap: number): { first: DatePart[]; calls: number } {
  const widths = plans.map(({ numberColumns }) =>
    runsOf(numberColumns, gap).reduce((sum, [from, to]) => sum + to - from, 0),
  )
  const left = plans.reduce(
    (sum, plan, index) => sum + (plan.rectangle.endRow - plan.nextDateRow) * (widths[index] ?? 0),
    0,
  )
  const most = limits.cells * SLACK
  const limit = Math.ceil(left / Math.ceil(left / most))
  const first: DatePart[] = []
  let calls = 1
  let cells = 0
  let url = URL_BASE
  for (const [index, plan] of plans.entries()) {
    const { numberColumns: columns, title, rectangle } = plan
    const width = widths[index] ?? 1
    const ranges = runsOf(columns, gap).length * urlBytes(title, rectangle)
    let startRow = plan.nextDateRow
    while (startRow < rectangle.endRow) {
      const rowsLeft = rectangle.endRow - startRow
      const room = Math.max(0, Math.floor((limit - cells) / width))
      // What is nearly all had better be all, and a part of a small area is not worth a range.
      const isNearlyAll = cells + rowsLeft * width <= most
      const isWorthIt = isNearlyAll || room * width > limit * WORTH_A_RANGE
      if (cells > 0 && (url + ranges > limits.urlBytes || !isWorthIt)) {
        calls += 1
        cells = 0
        url = URL_BASE
        continue
      }
      const endRow = isNearlyAll ? rectangle.endRow : startRow + Math.max(room, 1)
      if (calls === 1) first.push({ plan, startRow, endRow, columns })
      cells += (endRow - startRow) * width
      url += ranges
      startRow = endRow
    }
  }
  return { first, calls }
}

function rangesOf({ plan, startRow, endRow, columns }: DatePart, gap: number): PlannedRange[] {
  const { title, rectangle } = plan
  return runsOf(columns, gap).map(([start, end]) => {
    const [startColumn, endColumn] = [rectangle.startColumn + start, rectangle.startColumn + end]
    return { plan, title, rectangle: { startRow, endRow, startColumn, endColumn } }
  })
}

/** Runs of columns that lie side by side, or no more than `gap` columns apart; the ends not included. */
function runsOf(columns: readonly number[], gap: number): [number, number][] {
  const runs: [number, number][] = []
  for (const column of columns) {
    const last = runs.at(-1)
    if (last !== undefined && column - last[1] <= gap) last[1] = column + 1
    else runs.push([column, column + 1])
  }
  return runs
}

function urlOf(ranges: readonly PlannedRange[]): number {
  return ranges.reduce((sum, { title, rectangle }) => sum + urlBytes(title, rectangle), 0)
}
