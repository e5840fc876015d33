/** What a download may be tuned by; the defaults are what DESIGN says of Google's advice. */
export interface DownloadTuning {
  /** Bytes that one answer shall have, near Google's advice of 2 MB. */
  readonly answerBytes: number
  /** Cells of a block while nothing is known of their size, and the bounds ever after. */
  readonly startCells: number
  readonly leastCells: number
  readonly mostCells: number
  /** Bytes that a URL may have. */
  readonly urlBytes: number
  /** Blocks read but not yet written, and calls for dates, side by side. */
  readonly blocksInFlight: number
  readonly dateCallsInFlight: number
  /** Milliseconds until a call is given up. Google itself gives up after 180 s. */
  readonly callTimeoutMs: number
  /** Milliseconds of nothing but network errors until Google counts as unreachable. */
  readonly unreachableMs: number
  /** How often a spreadsheet that was edited meanwhile is downloaded again. */
  readonly repeats: number
  /** Worker threads at most; 0 parses on the main thread. Default: see the pool. */
  readonly threads?: number
}

export const DEFAULT_TUNING: DownloadTuning = {
  answerBytes: 2_000_000,
  startCells: 50_000,
  leastCells: 5_000,
  mostCells: 500_000,
  urlBytes: 6_000,
  blocksInFlight: 5,
  dateCallsInFlight: 3,
  callTimeoutMs: 185_000,
  unreachableMs: 120_000,
  repeats: 2,
}
