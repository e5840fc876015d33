import { cellCount, columnCount, rowCount } from '../model/rectangle.ts'
import type { AreaToRead } from '../ports/sheet-source.ts'
import {
  type AreaPlan,
  type CallLimits,
  type PlannedRange,
  type PlannedRead,
  SLACK,
  WORTH_A_RANGE,
} from './area-plan.ts'
import { planDates } from './plan-dates.ts'
import { URL_BASE, urlBytes } from './url-bytes.ts'

/** Bytes that the rows of one block become at most, since each row repeats the header. */
const BLOCK_BYTES = 32_000_000

/** Calls' worth of cells that the first reads of one wave cover at most: so much waits in memory for its dates. */
const WAVE_CALLS = 6

/** The first read of a large area among many covers this share of a call at least. */
const FIRST_SHARE = 1 / 8

/** The plan of an area of which nothing is planned yet. */
export function planArea({ title, rectangle, fromRow, header, numberColumns }: AreaToRead, area: number): AreaPlan {
  return {
    area,
    title,
    rectangle,
    nextRow: fromRow,
    firstEnd: fromRow,
    numberColumns,
    nextDateRow: fromRow,
    headerBytes: header === null ? 0 : bytesOf(header),
  }
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
  return wave.sort((one, other) => Number(isLarge(one)) - Number(isLarge(other)))
}

/** Cells that the first reads of a wave cover. */
export function firstCells(wave: readonly AreaPlan[]): number {
  return wave.reduce((sum, { rectangle, nextRow, firstEnd }) => sum + (firstEnd - nextRow) * columnCount(rectangle), 0)
}

/** Plans the first phase of a wave: small areas whole, and the first block of each large one. */
export function* planFirstReads(wave: readonly AreaPlan[], limits: CallLimits): Generator<PlannedRead> {
  for (const ranges of packRows(wave, ({ firstEnd }) => firstEnd, limits)) yield { kind: 'first', ranges }
}

/** Plans the second phase of a wave: all that is left of its rows, and ahead of them the dates that they need. */
export function* planRestOfReads(
  wave: readonly AreaPlan[],
  limits: CallLimits,
  dateLimits: CallLimits,
): Generator<PlannedRead> {
  for (const ranges of packRows(wave, ({ rectangle }) => rectangle.endRow, limits)) {
    const areas = new Set(ranges.map(({ plan }) => plan))
    while (wave.some((plan) => areas.has(plan) && needsDates(plan))) yield planDates(wave, dateLimits)
    yield { kind: 'rest', ranges }
  }
  while (wave.some(needsDates)) yield planDates(wave, dateLimits)
}

/** Bytes of the keys that a header adds to each row. */
export function bytesOf(header: readonly string[]): number {
  return header.reduce((sum, name) => sum + Buffer.byteLength(name), 0)
}

function isLarge({ firstEnd, rectangle }: AreaPlan): boolean {
  return firstEnd < rectangle.endRow
}

/** Whether rows are planned whose dates are not. */
function needsDates({ numberColumns, nextDateRow, nextRow }: AreaPlan): boolean {
  return numberColumns.length > 0 && nextDateRow < nextRow
}

/** Packs rows into calls, area after area; cells are shared out evenly between the calls that are still needed. */
function* packRows(
  plans: readonly AreaPlan[],
  endOf: (plan: AreaPlan) => number,
  limits: CallLimits,
): Generator<readonly PlannedRange[]> {
  for (;;) {
    const open = plans.filter((plan) => plan.nextRow < endOf(plan))
    if (open.length === 0) return
    const most = limits.cells
    const left = open.reduce((sum, plan) => sum + (endOf(plan) - plan.nextRow) * columnCount(plan.rectangle), 0)
    const limit = Math.ceil(left / Math.ceil(left / (most * SLACK)))
    const ranges: PlannedRange[] = []
    let cells = 0
    let url = URL_BASE
    for (const plan of open) {
      const { title, rectangle } = plan
      const width = columnCount(rectangle)
      const rowsLeft = endOf(plan) - plan.nextRow
      const room = Math.floor((limit - cells) / width)
      url += urlBytes(title, rectangle)
      if (ranges.length > 0) {
        if (url > limits.urlBytes) break
        // What fits whole is read whole, and of what does not, a little is not worth a range.
        if (room < rowsLeft && (rowsLeft * width <= most || room * width < limit * WORTH_A_RANGE)) break
      }
      const bound = Math.max(1, Math.floor(BLOCK_BYTES / Math.max(1, plan.headerBytes)))
      const rows = Math.min(rowsLeft, Math.max(1, room), bound)
      ranges.push({ plan, title, rectangle: { ...rectangle, startRow: plan.nextRow, endRow: plan.nextRow + rows } })
      cells += rows * width
      plan.nextRow += rows
      if (rows < rowsLeft) break
    }
    yield ranges
  }
}
