import type { Rectangle } from '../model/rectangle.ts'

/** How far a call may go beyond its cells where that saves another one. */
export const SLACK = 1.1

/** The share of a call from which on what is left of it is worth another range. */
export const WORTH_A_RANGE = 1 / 4

/** What one call may ask for; read anew before each call, since the weight of the last answers decides. */
export interface CallLimits {
  readonly cells: number
  /** Bytes that a URL may have. */
  readonly urlBytes: number
}

/** How far the reads of an area are planned, and what is known of it. */
export interface AreaPlan {
  /** Which of the areas that were asked for it is. */
  readonly area: number
  readonly title: string
  readonly rectangle: Rectangle
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
export interface PlannedRange {
  readonly plan: AreaPlan
  readonly title: string
  readonly rectangle: Rectangle
}

/** One call: of the rows themselves, or of how the numbers in them are shown, which says what is a date. */
export interface PlannedRead {
  readonly kind: 'first' | 'rest' | 'dates'
  readonly ranges: readonly PlannedRange[]
}
