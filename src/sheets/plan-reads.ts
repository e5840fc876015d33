import { cellCount, columnCount, rowCount } from '../model/rectangle.ts'
import type { AreaToRead } from '../ports/sheet-source.ts'
import type { TabRange } from './a1.ts'
import type { CallLimits } from './call-budget.ts'
import { type ColumnRun, fitsUrl, type Part, packCalls, rectanglesOf } from './pack-calls.ts'

/** Bytes of names that the rows of one block repeat at most: so much is written anew after a crash, without a checkpoint. */
const BLOCK_BYTES = 256_000_000

/** Calls' worth of cells that the first reads of one wave cover at most: so much waits in memory for its dates. */
const WAVE_CALLS = 6

/** The first read of a large area among many covers this share of a call at least. */
const FIRST_SHARE = 1 / 8

/** Columns between two others that may be read along, so that one range does for both. */
const GAPS = [0, 1, 3, Number.POSITIVE_INFINITY]

/** How far the reads of an area are planned, and what is known of it. */
export interface AreaPlan extends TabRange {
  /** Which of the areas that were asked for it is. */
  readonly area: number
  /** The first row that no planned read of rows covers. */
  nextRow: number
  /** The row at which the first reads end: all of a small area, a first block of a large one, nothing of a known one. */
  firstEnd: number
  /** The columns that hold numbers, ascending: those whose dates are read. */
  numberColumns: readonly number[]
  /** The first row that no planned read of dates covers. */
  nextDateRow: number
  /** Bytes of the header, which each row repeats. */
  headerBytes: number
}

/** A rectangle of an area that is read as one range of a call. */
export interface PlannedRange extends TabRange {
  readonly plan: AreaPlan
}

/** One call: of the rows themselves, or of how the numbers in them are shown, which says what is a date. */
export interface PlannedRead {
  readonly kind: 'first' | 'rest' | 'dates'
  readonly ranges: readonly PlannedRange[]
}

interface PlannedPart extends Part {
  readonly plan: AreaPlan
}

/** Rows of which the dates of some columns, 0-based in the area, are to be read. */
interface DatePart extends Pick<PlannedPart, 'plan' | 'startRow' | 'endRow'> {
  readonly columns: readonly number[]
}

/** The plan of an area of which nothing is planned yet. */
export function planArea({ title, rectangle, fromRow, header, numberColumns }: AreaToRead, area: number): AreaPlan {
  const [nextRow, firstEnd, nextDateRow] = [fromRow, fromRow, fromRow]
  return { area, title, rectangle, nextRow, firstEnd, numberColumns, nextDateRow, headerBytes: bytesOf(header ?? []) }
}

/**
 * Takes the areas of the next wave, from `plans` on: as many as leave what must wait for its dates within bounds. Areas
 * that are read whole come first, since they need not wait for the large ones.
 */
export function nextWave(plans: readonly AreaPlan[], callCells: number): AreaPlan[] {
  const share = Math.max(1 / Math.max(1, plans.length), FIRST_SHARE)
  const wave: AreaPlan[] = []
  let cells = 0
  for (const plan of plans) {
    const { rectangle, nextRow } = plan
    const width = columnCount(rectangle)
    const isKnown = nextRow > rectangle.startRow
    const isSmall = cellCount(rectangle) <= callCells
    const rows = isSmall ? rowCount(rectangle) : Math.max(1, Math.floor((callCells * share) / width))
    plan.firstEnd = isKnown ? nextRow : Math.min(rectangle.endRow, nextRow + rows)
    cells += (plan.firstEnd - nextRow) * width
    if (wave.length > 0 && cells > WAVE_CALLS * callCells) break
    wave.push(plan)
  }
  const isLarge = ({ firstEnd, rectangle }: AreaPlan) => firstEnd < rectangle.endRow
  return wave.sort((one, other) => Number(isLarge(one)) - Number(isLarge(other)))
}

/** Cells that the first reads of a wave cover. */
export function firstCells(wave: readonly AreaPlan[]): number {
  return wave.reduce((sum, { rectangle, nextRow, firstEnd }) => sum + (firstEnd - nextRow) * columnCount(rectangle), 0)
}

/** Plans the first phase of a wave: small areas whole, and the first block of each large one. */
export function* planFirstReads(wave: readonly AreaPlan[], limits: CallLimits): Generator<PlannedRead> {
  const parts = wave.map((plan) => rowsOf(plan, plan.firstEnd))
  for (const call of packRows(parts, limits)) yield readOf('first', call)
}

/** Plans the second phase of a wave: all that is left of its rows, and ahead of them the dates that they need. */
export function* planRestOfReads(
  wave: readonly AreaPlan[],
  limits: CallLimits,
  dateLimits: CallLimits,
): Generator<PlannedRead> {
  const parts = wave.map((plan) => rowsOf(plan, plan.rectangle.endRow))
  for (const call of packRows(parts, limits)) {
    while (call.some(({ plan }) => needsDates(plan))) yield planDates(wave, dateLimits)
    yield readOf('rest', call)
  }
  while (wave.some(needsDates)) yield planDates(wave, dateLimits)
}

/** Plans reads of dates for columns in which numbers were first met at a row, as far as dates are planned for others. */
export function planLateDates(
  plan: AreaPlan,
  columns: readonly number[],
  row: number,
  limits: CallLimits,
): PlannedRead[] {
  if (plan.numberColumns.length === 0) plan.nextDateRow = plan.nextRow
  return planDatesOf(plan, columns, row, plan.nextDateRow, limits)
}

/** Plans reads of the dates in some columns of some rows. */
export function planDatesOf(
  plan: AreaPlan,
  columns: readonly number[],
  startRow: number,
  endRow: number,
  limits: CallLimits,
): PlannedRead[] {
  return packDates([{ plan, columns, startRow, endRow }], limits).map((call) => readOf('dates', call))
}

/** Bytes of the keys that a header adds to each row. */
export function bytesOf(header: readonly string[]): number {
  return header.reduce((sum, name) => sum + Buffer.byteLength(name), 0)
}

/** Plans the next read of dates, which goes on where the last one ended, over area after area. */
function planDates(wave: readonly AreaPlan[], limits: CallLimits): PlannedRead {
  const open = wave.filter(({ numberColumns }) => numberColumns.length > 0)
  const [call = []] = packDates(
    open.map((plan) => {
      return { plan, columns: plan.numberColumns, startRow: plan.nextDateRow, endRow: plan.rectangle.endRow }
    }),
    limits,
  )
  for (const { plan, endRow } of call) plan.nextDateRow = endRow
  return readOf('dates', call)
}

/** Whether rows are planned whose dates are not. */
function needsDates({ numberColumns, nextDateRow, nextRow }: AreaPlan): boolean {
  return numberColumns.length > 0 && nextDateRow < nextRow
}

/** The rows of an area that are not planned yet, up to one of them. */
function rowsOf(plan: AreaPlan, endRow: number): PlannedPart {
  const { title, rectangle, nextRow: startRow, headerBytes } = plan
  const mostRows = Math.max(1, Math.floor(BLOCK_BYTES / Math.max(1, headerBytes)))
  return { plan, title, startRow, endRow, runs: [[rectangle.startColumn, rectangle.endColumn]], mostRows }
}

/** Packs rows into calls; they are planned as soon as their call is. */
function* packRows(parts: readonly PlannedPart[], limits: CallLimits): Generator<PlannedPart[]> {
  for (const call of packCalls(parts, limits)) {
    for (const { plan, endRow } of call) plan.nextRow = endRow
    yield call
  }
}

function readOf(kind: PlannedRead['kind'], call: readonly PlannedPart[]): PlannedRead {
  const ranges = call.flatMap((part) =>
    rectanglesOf(part).map((rectangle) => ({ plan: part.plan, title: part.title, rectangle })),
  )
  return { kind, ranges }
}

/**
 * Packs columns of areas into calls. Each run of columns is a range of its own, unless joining runs over the columns
 * between them needs fewer calls: few ranges make a short URL, many make few cells.
 */
function packDates(parts: readonly DatePart[], limits: CallLimits): PlannedPart[][] {
  const packed = GAPS.map((gap) => {
    const joined = parts.map(({ plan, columns, startRow, endRow }): PlannedPart => {
      return { plan, title: plan.title, startRow, endRow, runs: runsOf(plan, columns, gap), mostRows: Infinity }
    })
    return [...packCalls(joined, limits)]
  })
  const cost = (calls: readonly PlannedPart[][]) => {
    return calls.every((call) => fitsUrl(call, limits)) ? calls.length : Number.POSITIVE_INFINITY
  }
  return packed.reduce((best, calls) => (cost(calls) < cost(best) ? calls : best))
}

/** Runs of columns of an area that lie side by side, or no more than `gap` columns apart. */
function runsOf({ rectangle }: AreaPlan, columns: readonly number[], gap: number): ColumnRun[] {
  const runs: [number, number][] = []
  for (const column of columns) {
    const at = rectangle.startColumn + column
    const last = runs.at(-1)
    if (last !== undefined && at - last[1] <= gap) last[1] = at + 1
    else runs.push([at, at + 1])
  }
  return runs
}
