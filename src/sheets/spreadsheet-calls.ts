import type { WorkerPool } from '../concurrency/worker-pool.ts'
import { AppError } from '../errors.ts'
import type { ReadAccount } from '../model/reader.ts'
import { columnCount, rowCount } from '../model/rectangle.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { CallKind, Metrics } from '../ports/metrics.ts'
import type { ReadEnd } from '../ports/read-budget.ts'
import type { ReadContext } from '../ports/sheet-source.ts'
import { formatRange, type TabRange } from './a1.ts'
import type { CallBudget } from './call-budget.ts'
import { CallFault, SignInFault } from './call-fault.ts'
import type { CallState } from './current-fault.ts'
import { type Answer, DECODE_MODULE, type Decoded } from './decode.ts'
import type { Accounts } from './google-accounts.ts'
import type { ApiCall, Render, SheetsApi } from './google-api.ts'
import type { SpreadsheetDescription } from './google-description.ts'
import type { ReadQuota } from './read-quota.ts'
import { credentialOf } from './read-quotas.ts'
import type { ReadTuning } from './read-tuning.ts'
import { isTooMuch, Retries, type Verdict } from './retry.ts'
import { cellsOf, type Halves, halve, subjectOf } from './split-ranges.ts'

/** Seconds below which a read counts as free: it was only scheduled. */
const FREE_SECONDS = 0.005

/** How often a call that keeps failing is made as a whole, if it is small, before it is split. */
const WHOLE_TRIES = 3

/** Milliseconds of a quota wait, all parts of it together, from which on it hinders a sync. */
const HINDERING_MS = 2000

/** Milliseconds after which a call that is no read of cells, and answers little, counts as slow. */
const SLOW_MS = 1500

/** Drive is a help, not a need: milliseconds and number of its tries, and milliseconds after its first fault for more. */
const VERSION_TIMEOUT_MS = 4000
const VERSION_TRIES = 3
const VERSION_REPEAT_MS = 4000

export interface SpreadsheetCallsOptions {
  readonly accounts: Accounts
  /** The reads a minute of an account, shared with everybody else who reads with it. */
  readonly quotaOf: (account: ReadAccount) => ReadQuota
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
  /** Joins the parts of one row that had to be read in two; without it each comes as a range of its own. */
  readonly join?: (left: Part, right: Part, leftColumns: number, row: TabRange) => Part
}

/** A range with what was made of it. */
export type ReadPart<Range, Part> = Range & { readonly part: Part }

/** The calls of one sync: counted, paid from the quota, and repeated as long as that can help. */
export class SpreadsheetCalls {
  readonly #options: SpreadsheetCallsOptions
  readonly #retries: Retries

  constructor(options: SpreadsheetCallsOptions) {
    this.#options = options
    this.#retries = new Retries(options)
  }

  describe(): Promise<SpreadsheetDescription> {
    const { spreadsheetId, context } = this.#options
    const { signal } = context
    return this.#retries.untilDone(
      (state) =>
        this.#paid(state, signal, () =>
          this.#send('describe', state, signal, (api, call) => api.describe(spreadsheetId, call)),
        ),
      { signal },
    )
  }

  /** Drive's version of the file; `undefined` where the credential may not know it, or Drive does not say it soon. */
  async version(): Promise<string | undefined> {
    const { spreadsheetId, context, clock } = this.#options
    const { signal } = context
    let faults = 0
    let since: number | undefined
    const judge = (fault: CallFault): Verdict => {
      if (fault instanceof SignInFault || fault.kind === 'descriptors') return 'repeat'
      faults += 1
      since ??= clock.monotonic()
      const waitedMs = clock.monotonic() - since + (fault.retryAfterMs ?? 0)
      return faults < VERSION_TRIES && waitedMs < VERSION_REPEAT_MS ? 'repeat' : 'give-up'
    }
    try {
      return await this.#retries.untilDone(
        (state) => this.#send('version', state, signal, (api, call) => api.version(spreadsheetId, call)),
        { signal, judge, about: "Drive's version of the spreadsheet" },
      )
    } catch (error) {
      if (signal.aborted || !(error instanceof AppError || error instanceof CallFault)) throw error
      await this.#retries.haveSlot(signal)
      return undefined
    }
  }

  /**
   * Reads ranges in one call and has the answer decoded. What Google finds too much, or keeps failing at, is read in
   * halves, so the results are those of one call or of several, in the order of the ranges.
   */
  async read<Range extends TabRange, Part>(
    ranges: readonly Range[],
    options: RangesOptions<Part>,
  ): Promise<ReadPart<Range, Part>[]> {
    return (await Array.fromAsync(this.readInPortions(ranges, options))).flat()
  }

  /** Reads as {@link read} does, one call after the other as they are asked for, so that memory holds the results of one. */
  async *readInPortions<Range extends TabRange, Part>(
    ranges: readonly Range[],
    options: RangesOptions<Part>,
    from?: CallState,
  ): AsyncGenerator<ReadPart<Range, Part>[]> {
    const { render, budget, signal, decode } = options
    const { spreadsheetId, tuning, workers } = this.#options
    const cells = cellsOf(ranges)
    const asked = ranges.map(({ title, rectangle }) => ({ title, rectangle }))
    const texts = asked.map(({ title, rectangle }) => formatRange(title, rectangle))
    let split: { readonly halves: Halves<Range>; readonly state: CallState } | undefined
    try {
      yield await this.#retries.untilDone(
        async (state) => {
          const body = await this.#paid(state, signal, () =>
            this.#send('values', state, signal, (api, call) => api.readValues(spreadsheetId, texts, render, call)),
          )
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
        {
          signal,
          from,
          about: subjectOf(ranges),
          judge: (fault, faults, state) => {
            if (!isTooMuch(fault)) return 'repeat'
            budget.halve()
            const isOdd = ranges.length > 1 && faults >= WHOLE_TRIES
            if (cells <= tuning.leastCells && fault.kind !== 'too-large' && !isOdd) return 'repeat'
            const halves = halve(ranges)
            if (halves === undefined) return 'repeat'
            split = { halves, state }
            return 'split'
          },
        },
      )
    } catch (error) {
      if (split === undefined || !(error instanceof CallFault)) throw error
      yield* this.#readHalves(ranges, split.halves, options, split.state)
    }
  }

  /** Reads both halves, so that of several ranges all are read but the one that Google cannot answer, which is named. */
  async *#readHalves<Range extends TabRange, Part>(
    [only, ...others]: readonly Range[],
    [first, second]: Halves<Range>,
    options: RangesOptions<Part>,
    from: CallState,
  ): AsyncGenerator<ReadPart<Range, Part>[]> {
    const { join } = options
    if (only !== undefined && others.length === 0 && rowCount(only.rectangle) === 1 && join !== undefined) {
      const parts: ReadPart<Range, Part>[] = []
      for (const half of [first, second]) {
        for await (const portion of this.readInPortions(half, options, from)) parts.push(...portion)
      }
      const [left, right] = parts
      if (left === undefined || right === undefined) throw new TypeError('a half of a row is missing')
      yield [{ ...only, part: join(left.part, right.part, columnCount(left.rectangle), only) }]
      return
    }
    let failure: unknown
    try {
      yield* this.readInPortions(first, options, from)
    } catch (error) {
      if (others.length === 0 || !isGivenUp(error)) throw error
      failure = error
    }
    yield* this.readInPortions(second, options, from)
    if (failure !== undefined) throw failure
  }

  /** Makes a call that costs one read of the quota. */
  async #paid<T>(state: CallState, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    const { accounts, quotaOf, clock, context, metrics } = this.#options
    const { account } = await accounts.open(context.reader)
    const quota = quotaOf(account)
    const started = performance.now()
    const waited = () => {
      const seconds = (performance.now() - started) / 1000
      if (seconds >= FREE_SECONDS) metrics?.quotaWaited(seconds, credentialOf(quota.account.name))
    }
    let since: number | undefined
    const onWait = (until: Date | undefined) => {
      context.onWait(until)
      since ??= clock.now().getTime()
      if (until === undefined) state.goesOn()
      else if (!quota.isReachable)
        state.waits('STORAGE_UNAVAILABLE', 'The shared read budget cannot be reached.', until)
      else if (state.fault !== null || until.getTime() - since >= HINDERING_MS) {
        state.waits('GOOGLE_QUOTA_EXCEEDED', "Reads wait for Google's quota.", until)
      }
    }
    const asker = { key: context.key, background: context.background ?? false }
    const read = await quota.take({ ...asker, signal, onWait }).finally(waited)
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
  async #send<T>(
    kind: CallKind,
    state: CallState,
    signal: AbortSignal,
    send: (api: SheetsApi, call: ApiCall) => Promise<T>,
  ): Promise<T> {
    const { accounts, tuning, context, metrics } = this.#options
    const timeoutMs = kind === 'version' ? Math.min(VERSION_TIMEOUT_MS, tuning.callTimeoutMs) : tuning.callTimeoutMs
    let sent = 0
    let result = 'ok'
    const onSend = () => {
      sent += 1
      context.onCall()
    }
    const onSlow = (message: string | undefined) => {
      if (message === undefined) {
        state.goesOn()
        return
      }
      state.waits('GOOGLE_UNAVAILABLE', message)
      this.#retries.offerSlot()
    }
    try {
      // Only now: the credential may have changed while it waited for the quota.
      const { api } = await accounts.open(context.reader)
      return await send(api, {
        signal,
        timeoutMs,
        onSend,
        slow: { afterMs: kind === 'values' ? tuning.slowMs : Math.min(SLOW_MS, tuning.slowMs), onSlow },
      })
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
  // A sign-in that fails says nothing of the quota of reads.
  if (!(error instanceof CallFault) || error instanceof SignInFault) return { kind: 'unanswered' }
  const { kind, retryAfterMs, limit } = error
  if (kind === 'quota') return { kind: 'refused', retryAfterMs, limit }
  const isUnanswered = kind === 'network' || kind === 'timeout' || kind === 'descriptors'
  return { kind: isUnanswered ? 'unanswered' : 'answered' }
}

function resultOf(error: unknown): string {
  if (error instanceof CallFault) return error.kind
  return error instanceof AppError ? error.code : 'INTERNAL'
}

/** Whether an error is the end of a call that was repeated for long enough. */
function isGivenUp(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'GOOGLE_UNAVAILABLE' || error.code === 'GOOGLE_UNREACHABLE')
}
