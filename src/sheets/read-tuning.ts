/** How spreadsheets are read; the defaults follow Google's advice. */
export interface ReadTuning {
  /** Bytes that one answer shall have, near Google's advice of 2 MB. */
  readonly answerBytes: number
  /** Cells of a call while nothing is known of their size, and the bounds ever after. */
  readonly startCells: number
  readonly leastCells: number
  readonly mostCells: number
  /** Bytes that a URL may have. */
  readonly urlBytes: number
  /** Calls under way, and answers that wait for their turn, side by side. */
  readonly callsInFlight: number
  /** Milliseconds until a call times out. Google itself gives up after 180 s. */
  readonly callTimeoutMs: number
  /** Milliseconds after which a call that is still under way counts as slow. */
  readonly slowMs: number
  /** Milliseconds of nothing but network errors until Google counts as unreachable. */
  readonly unreachableMs: number
  /** Milliseconds of nothing but errors of Google until it counts as unavailable. */
  readonly unavailableMs: number
}

export const DEFAULT_READ_TUNING: ReadTuning = {
  answerBytes: 2_000_000,
  startCells: 50_000,
  leastCells: 5_000,
  mostCells: 500_000,
  urlBytes: 6_000,
  callsInFlight: 7,
  callTimeoutMs: 185_000,
  slowMs: 5_000,
  unreachableMs: 120_000,
  unavailableMs: 300_000,
}
