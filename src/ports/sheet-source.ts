import type { Rectangle } from '../sheets/a1.ts'
import type { SpareBuffers } from '../sheets/buffer-pool.ts'

/**
 * Where rows come from. Every method makes one call and never repeats it. It rejects with a {@link CallFault} when the
 * same call may succeed later, with an AppError when it will not, and with the signal's reason when that is aborted.
 */
export interface SheetSource {
  /** What a spreadsheet is made of, without its cells. */
  describe(spreadsheetId: string, call: SourceCall): Promise<SpreadsheetDescription>

  /** A text that changes whenever the spreadsheet does, or `undefined` where the credential may not know it. */
  version(spreadsheetId: string, call: SourceCall): Promise<string | undefined>

  /** The JSON of a `values:batchGet` of these ranges, as it came: large, so parsing it is left to the caller's choice. */
  readValues(spreadsheetId: string, ranges: readonly string[], render: Render, call: ReadCall): Promise<Body>
}

/** How one call is made. */
export interface SourceCall {
  readonly signal: AbortSignal
  /** Milliseconds until a call without a whole answer is given up. */
  readonly timeoutMs: number
  /** Told of each request as it is sent, so that calls are counted as the other side counts them. */
  onSend(): void
}

/** How a call with a large answer is made. */
export interface ReadCall extends SourceCall {
  /** Where buffers for the answer are taken from. */
  readonly spare: SpareBuffers
}

/** The bytes of an answer; they are the caller's, buffer and all. */
export type Body = Uint8Array<ArrayBuffer>

/** Google's `ValueRenderOption` and `DateTimeRenderOption`. */
export interface Render {
  readonly values: 'UNFORMATTED_VALUE' | 'FORMATTED_VALUE' | 'FORMULA'
  readonly dates: 'SERIAL_NUMBER' | 'FORMATTED_STRING'
}

export interface SpreadsheetDescription {
  readonly title: string
  readonly tabs: readonly TabDescription[]
  readonly namedRanges: readonly NamedRangeDescription[]
}

export interface TabDescription {
  readonly gid: number
  readonly title: string
  readonly hidden: boolean
  /** Absent for a tab that is no grid, such as a chart. */
  readonly grid?: { readonly rows: number; readonly columns: number }
}

export interface NamedRangeDescription {
  readonly name: string
  readonly gid: number
  /** Absent bounds are open, as in Google's GridRange. */
  readonly range: Partial<Rectangle>
}

/**
 * What went wrong with a call that may succeed when made again: `quota` (too many reads), `unavailable` (5xx, 408),
 * `timeout`, `network` (no answer at all), `garbled` (an answer that is cut off or no JSON), `incomplete` (an answer
 * that covers less than was asked), `too-large` (an answer that is larger than memory should hold).
 */
export type FaultKind = 'quota' | 'unavailable' | 'timeout' | 'network' | 'garbled' | 'incomplete' | 'too-large'

export class CallFault extends Error {
  override readonly name = 'CallFault'
  readonly kind: FaultKind
  /** Milliseconds that the other side asked to wait (`Retry-After`). */
  readonly retryAfterMs: number | undefined

  constructor(
    kind: FaultKind,
    message: string,
    options: { readonly retryAfterMs?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.retryAfterMs = options.retryAfterMs
  }
}
