import type { Clock } from '../ports/clock.ts'
import type { ReadContext } from '../ports/sheet-source.ts'
import type { DecodedRows } from './decode.ts'
import type { PlannedRange } from './plan-reads.ts'

/** Milliseconds before rows with cells that have not loaded are read for the second and for the third time. */
const PAUSES_MS = [2000, 4000] as const

/** Calls at most that one read of a spreadsheet makes for cells that have not loaded. */
const MOST_CALLS = 20

/** Rows that have arrived, of which the dates may still be missing. */
export type ArrivedRows = PlannedRange & { readonly part: DecodedRows }

/**
 * Waits for cells that say `Loading...`. Google sends that for IMPORTRANGE, GOOGLEFINANCE and other functions that fetch
 * something, while they do: reading the spreadsheet makes it load.
 */
export class LoadingCells {
  readonly #clock: Clock
  readonly #onWait: ReadContext['onWait']
  #callsLeft = MOST_CALLS

  constructor(clock: Clock, onWait: ReadContext['onWait']) {
    this.#clock = clock
    this.#onWait = onWait
  }

  /**
   * Has ranges with such cells read again, twice at most, after a pause. What has not loaded by then stays as it is.
   * Resolves to all the rows in the order of those that came first. Rejects with the signal's reason.
   */
  async awaited(
    rows: readonly ArrivedRows[],
    readAgain: (ranges: readonly ArrivedRows[]) => Promise<readonly ArrivedRows[]>,
    signal: AbortSignal,
  ): Promise<readonly ArrivedRows[]> {
    let latest = rows
    for (const pauseMs of PAUSES_MS) {
      const loading = latest.filter(({ part }) => part.loadingCells > 0)
      if (loading.length === 0 || !(await this.pause(signal, pauseMs))) break
      const again = await readAgain(loading)
      latest = latest.flatMap((one) => (loading.includes(one) ? again.filter((other) => isPart(other, one)) : one))
    }
    return latest
  }

  /** Waits before one call more. Resolves to `false` at once where there were enough. Rejects with the signal's reason. */
  async pause(signal: AbortSignal, pauseMs: number = PAUSES_MS[0]): Promise<boolean> {
    if (this.#callsLeft === 0) return false
    this.#callsLeft -= 1
    this.#onWait(new Date(this.#clock.now().getTime() + pauseMs))
    await this.#clock.sleep(pauseMs, signal)
    this.#onWait(undefined)
    signal.throwIfAborted()
    return true
  }
}

/** Whether a range is one of those that another was read in. */
function isPart({ plan, rectangle }: PlannedRange, whole: PlannedRange): boolean {
  const { startRow, endRow } = whole.rectangle
  return plan === whole.plan && rectangle.startRow >= startRow && rectangle.endRow <= endRow
}
