import type { Rectangle } from '../../sheets/a1.ts'

/** Rows of some columns that are to be read in any calls. */
export interface Wanted {
  readonly startRow: number
  readonly endRow: number
  /** 0-based columns, ascending, counted from `startColumn`. */
  readonly columns: readonly number[]
  readonly startColumn: number
  /** Bytes that a range of this target adds to a URL. */
  readonly urlBytes: number
  /** Rows that are in calls already. */
  readonly asked: number
}

export interface CallLimits {
  readonly cells: number
  readonly urlBytes: number
}

export interface PackedCall<W extends Wanted> {
  readonly parts: readonly { readonly want: W; readonly area: Rectangle }[]
  /** Whether waiting for more would not make the call much better. */
  readonly isFull: boolean
}

/** Columns between two wanted ones that may be read along, so that one range does for both. */
const GAPS = [0, 1, 3, Number.POSITIVE_INFINITY]

/** The share of the cells from which on a call counts as full. */
const FULL = 0.6

/** How far a call may go beyond its cells where that saves another one. */
export const SLACK = 1.1

/**
 * Plans the next call for what is wanted, in order. Each run of columns is a range of its own, unless joining runs over
 * the columns between them needs fewer calls: few ranges make a short URL, many make few cells.
 */
export function packCall<W extends Wanted>(wants: readonly W[], limits: CallLimits): PackedCall<W> {
  let best = pack(wants, limits, 0)
  for (const gap of GAPS.slice(1)) {
    if (best.calls <= 1) break
    const other = pack(wants, limits, gap)
    if (other.calls < best.calls) best = other
  }
  const isFull = best.calls > 1 || best.cells >= limits.cells * FULL
  return { parts: best.first, isFull }
}

/** Packs all that is wanted into calls; keeps the first one and counts them. */
function pack<W extends Wanted>(
  wants: readonly W[],
  limits: CallLimits,
  gap: number,
): { first: { want: W; area: Rectangle }[]; calls: number; cells: number } {
  const first: { want: W; area: Rectangle }[] = []
  let firstCells = 0
  let calls = 1
  let cells = 0
  let bytes = 0
  for (const want of wants) {
    const runs = runsOf(want.columns, gap)
    const width = runs.reduce((sum, [start, end]) => sum + end - start, 0)
    const url = runs.length * want.urlBytes
    let row = want.startRow + want.asked
    while (row < want.endRow) {
      const left = want.endRow - row
      const isEmpty = cells === 0
      const room = Math.max(0, Math.floor((limits.cells - cells) / width))
      const hasUrl = isEmpty || bytes + url <= limits.urlBytes
      // What is nearly all had better be all, and a part of a small target is not worth a range.
      const isNearlyAll = cells + left * width <= limits.cells * SLACK
      const fits = hasUrl && (isNearlyAll || isEmpty || room * width > limits.cells / 4)
      if (!fits) {
        calls += 1
        cells = 0
        bytes = 0
        continue
      }
      const rows = isNearlyAll ? left : Math.max(room, 1)
      if (calls === 1) {
        for (const [start, end] of runs) {
          const startColumn = want.startColumn + start
          first.push({
            want,
            area: { startRow: row, endRow: row + rows, startColumn, endColumn: want.startColumn + end },
          })
        }
        firstCells += rows * width
      }
      cells += rows * width
      bytes += url
      row += rows
    }
  }
  return { first, calls, cells: firstCells }
}

/** Runs of columns that lie side by side, or no more than `gap` columns apart; the ends not included. */
export function runsOf(columns: readonly number[], gap: number): [number, number][] {
  const runs: [number, number][] = []
  for (const column of columns) {
    const last = runs.at(-1)
    if (last !== undefined && column - last[1] <= gap) last[1] = column + 1
    else runs.push([column, column + 1])
  }
  return runs
}
