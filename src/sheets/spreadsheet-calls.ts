import type { WorkerPool } from '../concurrency/worker-pool.ts'
import { AppError } from '../errors.ts'
import { cellCount, rowCount } from '../model/rectangle.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { CallKind, Metrics } from '../ports/metrics.ts'
import type { ReadEnd } from '../ports/read-budget.ts'
import type { ReadContext } from '../ports/sheet-source.ts'
import { formatRange, type TabRange } from './a1.ts'
import type { CallBudget } from './call-budget.ts'
import { CallFault } from './call-fault.ts'
import { type Answer, DECODE_MODULE, type Decoded } from './decode.ts'
import type { ApiCall, Render, SheetsApi } from './google-api.ts'
import type { SpreadsheetDescription } from './google-description.ts'
import type { ReadQuota } from './read-quota.ts'
import type { ReadTuning } from './read-tuning.ts'
import { isTooMuch, Retries } from './retry.ts'

/** Seconds below which a read counts as free: it was only scheduled. */
const FREE_SECONDS = 0.005

export interface SpreadsheetCallsOptions {
  readonly api: SheetsApi
  /** The reads a minute of the credential, shared with everybody else who uses it. */
  readonly quota: ReadQuota
  /** Threads to decode on. */
  readonly workers: WorkerPool
  readonly metrics?: Metrics
  readonly clock: Clock
  readonly log: Log
  readonly tuning: ReadTuning
  readonly spreadsheetId: string
  readonly context: ReadContext
}

/** How ranges are read. */
export interface RangesOptions<Part> {
  readonly render: Render
  readonly budget: CallBudget
  /** Aborted when what is read is of no use any more. */
  readonly signal: AbortSignal
  /** What a worker thread makes of an answer. The call is repeated when it finds a fault in it. */
  readonly decode: (answer: Answer) => Decoded<Part>
}

/** The calls of one sync: counted, paid from the quota, and repeated as long as that can help. */
export class SpreadsheetCalls {
  readonly #options: SpreadsheetCallsOptions
  readonly #retries: Retries

  constructor(options: SpreadsheetCallsOptions) {
    this.#options = options
    this.#retries = new Retries(options)
  }

  describe(): Promise<SpreadsheetDescription> {
    const { api, spreadsheetId, context } = this.#options
    const { signal } = context
    const call = () => this.#send('describe', signal, (sent) => api.describe(spreadsheetId, sent))
    return this.#retries.untilDone(() => this.#paid(call, signal), signal)
  }

  version(): Promise<string | undefined> {
    const { api, spreadsheetId, context } = this.#options
    const { signal } = context
    const call = () => this.#send('version', signal, (sent) => api.version(spreadsheetId, sent))
    return this.#retries.untilDone(call, signal)
  }

  /**
   * Reads ranges in one call and has the answer decoded. What Google finds too much is read in halves, so the results
   * are those of one call or of several, in the order of the ranges.
   */
  async read<Range extends TabRange, Part>(
    ranges: readonly Range[],
    options: RangesOptions<Part>,
  ): Promise<(Range & { readonly part: Part })[]> {
    const { render, budget, signal, decode } = options
    const { api, spreadsheetId, tuning, workers } = this.#options
    const cells = cellsOf(ranges)
    const asked = ranges.map(({ title, rectangle }) => ({ title, rectangle }))
    const texts = asked.map(({ title, rectangle }) => formatRange(title, rectangle))
    const call = () => this.#send('values', signal, (sent) => api.readValues(spreadsheetId, texts, render, sent))
    let halves: readonly [Range[], Range[]] | undefined
    try {
      return await this.#retries.untilDone(
        async () => {
          const body = await this.#paid(call, signal)
          const { byteLength } = body
          const decoded = await workers.run(DECODE_MODULE, decode, { body, ranges: asked })
          if ('fault' in decoded) throw new CallFault(decoded.fault, decoded.message)
          budget.learn(cells, byteLength)
          return ranges.map((range, index) => {
            const part = decoded.parts[index]
            if (part === undefined) throw new TypeError('a range is missing in what was decoded')
            return { ...range, part }
          })
        },
        signal,
        (fault) => {
          if (!isTooMuch(fault)) return false
          budget.halve()
          if (cells > tuning.leastCells || fault.kind === 'too-large') halves = halve(ranges)
          return halves !== undefined
        },
      )
    } catch (error) {
      if (halves === undefined || !(error instanceof CallFault)) throw error
      const [first, second] = halves
      return [...(await this.read(first, options)), ...(await this.read(second, options))]
    }
  }

  /** Makes a call that costs one read of the quota. */
  async #paid<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { quota, context, metrics } = this.#options
    const started = performance.now()
    const waited = () => {
      const seconds = (performance.now() - started) / 1000
      if (seconds >= FREE_SECONDS) metrics?.quotaWaited(seconds)
    }
    const read = await quota.take({ key: context.key, signal, onWait: context.onWait }).finally(waited)
    let end: ReadEnd = { kind: 'answered' }
    try {
      return await call()
    } catch (error) {
      end = signal.aborted ? { kind: 'unanswered' } : endOf(error)
      if (end.kind === 'refused' && error instanceof CallFault) error.isPaced = true
      throw error
    } finally {
      read.done(end)
    }
  }

  /** Makes one call and counts it by what came of it; one that was never sent is none. */
  async #send<T>(kind: CallKind, signal: AbortSignal, send: (call: ApiCall) => Promise<T>): Promise<T> {
    const { tuning, context, metrics } = this.#options
    let sent = 0
    let result = 'ok'
    const onSend = () => {
      sent += 1
      context.onCall()
    }
    try {
      return await send({ signal, timeoutMs: tuning.callTimeoutMs, onSend })
    } catch (error) {
      result = signal.aborted ? 'aborted' : resultOf(error)
      throw error
    } finally {
      for (; sent > 0; sent -= 1) metrics?.googleCall(kind, result)
    }
  }
}

/** What a read that failed says of the quota. */
function endOf(error: unknown): ReadEnd {
  if (error instanceof AppError) return { kind: 'answered' }
  if (!(error instanceof CallFault)) return { kind: 'unanswered' }
  const { kind, retryAfterMs } = error
  if (kind === 'quota') return { kind: 'refused', retryAfterMs }
  return { kind: kind === 'network' || kind === 'timeout' ? 'unanswered' : 'answered' }
}

function resultOf(error: unknown): string {
  if (error instanceof CallFault) return error.kind
  return error instanceof AppError ? error.code : 'INTERNAL'
}

function cellsOf(ranges: readonly TabRange[]): number {
  return ranges.reduce((sum, { rectangle }) => sum + cellCount(rectangle), 0)
}

/** Cuts ranges into two lists of about as many cells; `undefined` when it is one row of one range. */
function halve<Range extends TabRange>(ranges: readonly Range[]): [Range[], Range[]] | undefined {
  const [only] = ranges
  if (ranges.length > 1) {
    const half = cellsOf(ranges) / 2
    let at = 1
    while (at < ranges.length - 1 && cellsOf(ranges.slice(0, at + 1)) <= half) at += 1
    return [ranges.slice(0, at), ranges.slice(at)]
  }
  if (only === undefined || rowCount(only.rectangle) < 2) return undefined
  const middle = only.rectangle.startRow + Math.ceil(rowCount(only.rectangle) / 2)
  return [
    [{ ...only, rectangle: { ...only.rectangle, endRow: middle } }],
    [{ ...only, rectangle: { ...only.rectangle, startRow: middle } }],
  ]
}
