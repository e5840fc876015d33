import { AppError } from '../../errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import {
  type Body,
  CallFault,
  type Render,
  type SheetSource,
  type SourceCall,
  type SpreadsheetDescription,
} from '../../ports/sheet-source.ts'
import type { Rectangle } from '../../sheets/a1.ts'
import { formatRange } from '../../sheets/a1.ts'
import type { SpareBuffers } from '../../sheets/buffer-pool.ts'
import type { CallBudget } from '../../sheets/plan.ts'
import type { Quota } from '../../sheets/quota.ts'
import { backoffMs, untilNextMinuteMs } from '../../sheets/retry.ts'
import type { Part } from './block-task.ts'
import type { DownloadTuning } from './tuning.ts'

/** How often an answer that covers less than was asked is asked for again before it is believed. */
const INCOMPLETE_TRIES = 3

export interface CallsOptions {
  readonly source: SheetSource
  readonly quota: Quota
  readonly clock: Clock
  readonly log: Log
  readonly tuning: DownloadTuning
  /** Where buffers for answers are taken from. */
  readonly spare: SpareBuffers
  readonly spreadsheetId: string
  /** Whose calls these are, for sharing the quota. */
  readonly syncId: string
  /** Aborted when the sync must stop. */
  readonly signal: AbortSignal
  /** Calls made before, by an earlier owner of the sync. */
  readonly callsBefore: number
  /** Told whenever `count` or `waitingUntil` has changed. */
  onChange(): void
}

/** How parts are read. */
export interface ReadOptions<P extends Part, Result> {
  readonly render: Render
  readonly budget: CallBudget
  /** Aborted when what is read is of no use any more. */
  readonly signal: AbortSignal
  /** Makes something of an answer. When it rejects with a {@link CallFault}, the answer is asked for again. */
  use(body: Body, parts: readonly P[]): Promise<Result>
}

/** The calls of one sync: counted, paid from the quota, and made again as long as that can help. */
export class Calls {
  readonly #options: CallsOptions
  #count: number
  #waitingUntil: Date | undefined
  /** Since when nothing but faults of the network was seen; of no meaning before the first of them. */
  #silentSince: number | undefined
  #silentFaults = 0
  #hasAnswered = false

  constructor(options: CallsOptions) {
    this.#options = options
    this.#count = options.callsBefore
  }

  /** Calls made so far, repeats included. */
  get count(): number {
    return this.#count
  }

  /** When reading goes on, while the quota makes it wait. */
  get waitingUntil(): Date | undefined {
    return this.#waitingUntil
  }

  describe(): Promise<SpreadsheetDescription> {
    const { source, spreadsheetId, signal } = this.#options
    return this.#untilDone(() => this.#paid(() => source.describe(spreadsheetId, this.#call(signal)), signal), signal)
  }

  version(): Promise<string | undefined> {
    const { source, spreadsheetId, signal } = this.#options
    return this.#untilDone(() => source.version(spreadsheetId, this.#call(signal)), signal)
  }

  /**
   * Reads parts in one call and has the answer used. What Google finds too much is read in halves, so the results are
   * those of one call or of several, in the order of the parts.
   */
  async read<P extends Part, Result>(parts: readonly P[], options: ReadOptions<P, Result>): Promise<Result[]> {
    const { render, budget, signal, use } = options
    const { source, spreadsheetId, tuning, spare } = this.#options
    const cells = cellsOf(parts)
    let halves: [P[], P[]] | undefined
    const result = await this.#untilDone(
      async () => {
        const ranges = parts.map(({ title, area }) => formatRange(title, area))
        const body = await this.#paid(
          () => source.readValues(spreadsheetId, ranges, render, { ...this.#call(signal), spare }),
          signal,
        )
        budget.learn(cells, body.byteLength)
        return use(body, parts)
      },
      signal,
      (fault) => {
        if (fault.kind !== 'timeout' && fault.kind !== 'unavailable' && fault.kind !== 'too-large') return false
        budget.halve()
        if (cells > tuning.leastCells || fault.kind === 'too-large') halves = halve(parts)
        return halves !== undefined
      },
    )
    if (halves === undefined) return [result as Result]
    const [first, second] = halves
    return [...(await this.read(first, options)), ...(await this.read(second, options))]
  }

  /** Repeats a call until it succeeds. `gaveUp` may end it after a fault and its pause; then it resolves to nothing. */
  async #untilDone<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T>
  async #untilDone<T>(
    attempt: () => Promise<T>,
    signal: AbortSignal,
    gaveUp: (fault: CallFault) => boolean,
  ): Promise<T | undefined>
  async #untilDone<T>(
    attempt: () => Promise<T>,
    signal: AbortSignal,
    gaveUp = (_fault: CallFault) => false,
  ): Promise<T | undefined> {
    const { log, syncId } = this.#options
    let incomplete = 0
    for (let faults = 0; ; faults += 1) {
      try {
        const result = await attempt()
        this.#heard()
        return result
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof CallFault)) throw error
        log.warn({ syncId, fault: error.kind, faults: faults + 1 }, error.message)
        if (error.kind === 'incomplete') {
          incomplete += 1
          if (incomplete >= INCOMPLETE_TRIES) throw error
        }
        this.#listen(error)
        const isGivenUp = gaveUp(error)
        await this.#pause(error, faults, signal)
        if (isGivenUp) return undefined
      }
    }
  }

  #call(signal: AbortSignal): SourceCall {
    const { tuning, onChange } = this.#options
    return {
      signal,
      timeoutMs: tuning.callTimeoutMs,
      onSend: () => {
        this.#count += 1
        onChange()
      },
    }
  }

  /** Makes a call that costs one read of the quota. */
  async #paid<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { quota, syncId, clock } = this.#options
    const read = await quota.take({ key: syncId, signal, onWait: (until) => this.#wait(until) })
    try {
      return await call()
    } catch (error) {
      if (error instanceof CallFault && error.kind === 'quota') {
        // Nobody knows Google's clock to the second, so all come back a little late and not at the same moment.
        quota.pause(error.retryAfterMs ?? untilNextMinuteMs(clock.now()) + 200 + Math.random() * 800)
      }
      throw error
    } finally {
      read.done()
    }
  }

  async #pause(fault: CallFault, faults: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const ms = backoffMs(Math.min(faults, 10), { retryAfterMs: fault.retryAfterMs })
    if (fault.kind === 'quota') this.#wait(new Date(clock.now().getTime() + ms))
    await clock.sleep(ms, signal)
    signal.throwIfAborted()
    if (fault.kind === 'quota') this.#wait(undefined)
  }

  #wait(until: Date | undefined): void {
    this.#waitingUntil = until
    this.#options.onChange()
  }

  #heard(): void {
    this.#hasAnswered = true
    this.#silentSince = undefined
    this.#silentFaults = 0
  }

  /** Gives up on a Google that is not there; one that answers, if only errors, is waited for until the sync's deadline. */
  #listen(fault: CallFault): void {
    const { clock, tuning } = this.#options
    const isSilent =
      fault.kind === 'network' || fault.kind === 'garbled' || (fault.kind === 'timeout' && !this.#hasAnswered)
    if (!isSilent) {
      if (fault.kind !== 'timeout') this.#heard()
      return
    }
    const now = clock.monotonic()
    this.#silentSince ??= now
    this.#silentFaults += 1
    if (this.#silentFaults < 3 || now - this.#silentSince < tuning.unreachableMs) return
    throw new AppError(
      fault.kind === 'garbled' ? 'GOOGLE_UNAVAILABLE' : 'GOOGLE_UNREACHABLE',
      `${fault.message} It was tried ${this.#silentFaults} times.`,
      { cause: fault },
    )
  }
}

/** Cells that parts cover, blank ones included. */
export function cellsOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { area }) => sum + rowsOf(area) * columnsOf(area), 0)
}

export function rowsOf(area: Rectangle): number {
  return area.endRow - area.startRow
}

export function columnsOf(area: Rectangle): number {
  return area.endColumn - area.startColumn
}

/** Cuts parts into two lists of about as many cells; `undefined` when it is one row of one part. */
function halve<P extends Part>(parts: readonly P[]): [P[], P[]] | undefined {
  const [only] = parts
  if (parts.length > 1) {
    const half = cellsOf(parts) / 2
    let at = 1
    while (at < parts.length - 1 && cellsOf(parts.slice(0, at + 1)) <= half) at += 1
    return [parts.slice(0, at), parts.slice(at)]
  }
  if (only === undefined || rowsOf(only.area) < 2) return undefined
  const middle = only.area.startRow + Math.ceil(rowsOf(only.area) / 2)
  return [
    [{ ...only, area: { ...only.area, endRow: middle } }],
    [{ ...only, area: { ...only.area, startRow: middle } }],
  ]
}
