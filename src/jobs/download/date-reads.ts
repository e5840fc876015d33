import type { Rectangle } from '../../sheets/a1.ts'
import { type CallBudget, urlBytes } from '../../sheets/plan.ts'
import type { DateMask, Part } from './block-task.ts'
import { rowsOf } from './calls.ts'
import { packCall, SLACK, type Wanted } from './date-plan.ts'
import type { TargetState } from './target-state.ts'

/** Which cells of a rectangle of a target are shown as text. */
interface Mask {
  /** The call that it came with. */
  readonly call: number
  readonly area: Rectangle
  readonly isText: Uint8Array<ArrayBuffer>
}

/** Some rows of the columns of one target that are being, or will be, read a second time. */
interface Want extends Wanted {
  readonly state: TargetState
  readonly done: PromiseWithResolvers<void>
  /** Rows asked for in calls, and rows that have come. */
  asked: number
  come: number
}

interface TargetDates {
  /** Rows up to here are wanted, for each column from the row that is told here. */
  wantedTo: number
  readonly wantedFrom: Map<number, number>
  wants: Want[]
  masks: Mask[]
}

export interface DateReadsOptions {
  readonly budget: CallBudget
  readonly callsInFlight: number
  /** Reads parts as text is shown, and tells which cells are text. */
  read(
    parts: readonly DatePart[],
  ): Promise<readonly { parts: readonly DatePart[]; isText: readonly Uint8Array<ArrayBuffer>[] }[]>
  /** Whether nothing more will be wanted until some of what is wanted has come. */
  isWaitedFor(): boolean
}

export interface DatePart extends Part {
  readonly state: TargetState
}

/**
 * The second reads, by which numbers and dates are told apart. They cover only columns that held numbers, and are
 * gathered into few calls: across tabs, and ahead of the blocks for a large one, whose columns are known once its first
 * rows are.
 */
export class DateReads {
  readonly #options: DateReadsOptions
  readonly #targets = new Map<TargetState, TargetDates>()
  readonly #pending: Want[] = []
  readonly #failed = Promise.withResolvers<never>()
  readonly #calls = new Set<Promise<void>>()
  #made = 0
  #isPumpDue = false

  constructor(options: DateReadsOptions) {
    this.#options = options
    // Whoever waits hears of it; with nobody waiting the download has failed already.
    this.#failed.promise.catch(() => {})
  }

  /** Resolves to the mask of some rows of a target, for all of its columns that are known to hold numbers. */
  async mask(state: TargetState, area: Rectangle): Promise<DateMask> {
    const columns = state.numberColumns
    const dates = this.#datesOf(state)
    this.#want(state, dates, area)
    const needed = dates.wants.filter((want) => want.startRow < area.endRow && want.endRow > area.startRow)
    this.pumpSoon()
    await Promise.race([Promise.all(needed.map(({ done }) => done.promise)), this.#failed.promise])
    return { columns, isText: assemble(dates.masks, area, columns, state.target.area.startColumn) }
  }

  /** Tells that dates will be asked for down to this row, so that they may be read while the rows themselves are. */
  announce(state: TargetState, endRow: number): void {
    this.#wantTo(state, this.#datesOf(state), endRow)
    this.pumpSoon()
  }

  /** Forgets what lies above a row that is written. */
  forget(state: TargetState): void {
    const dates = this.#targets.get(state)
    if (dates === undefined) return
    const { nextRow } = state.saved
    if (state.isDone) this.#targets.delete(state)
    dates.masks = dates.masks.filter(({ area }) => area.endRow > nextRow)
    dates.wants = dates.wants.filter(({ endRow }) => endRow > nextRow)
    this.pumpSoon()
  }

  /** Resolves when no call is under way any more, whatever came of it. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#calls)
  }

  /** Makes the calls that are due: those that are full, and all of them once somebody waits and nobody can add to them. */
  #pump(): void {
    const { budget, callsInFlight, isWaitedFor } = this.#options
    // What was read ahead is read again after a crash, so it counts as long as it is not written.
    while (this.#pending.length > 0 && (this.#calls.size === 0 || this.#calls.size + this.#kept() < callsInFlight)) {
      const { parts, isFull } = packCall(this.#pending, { cells: budget.cells, urlBytes: budget.urlBytes })
      if (!isFull && !isWaitedFor()) return
      for (const { want, area } of parts) want.asked = area.endRow - want.startRow
      while (this.#pending[0] !== undefined && this.#pending[0].asked >= rowsOfWant(this.#pending[0]))
        this.#pending.shift()
      const call = this.#read(parts)
      this.#calls.add(call)
      call.then(
        () => {
          this.#calls.delete(call)
          this.#pump()
        },
        (error: unknown) => this.#failed.reject(error),
      )
    }
  }

  /** Makes the calls that are due once all who ask at the same time have asked, for their wants may share a call. */
  pumpSoon(): void {
    if (this.#isPumpDue) return
    this.#isPumpDue = true
    setImmediate(() => {
      this.#isPumpDue = false
      this.#pump()
    })
  }

  async #read(planned: readonly { readonly want: Want; readonly area: Rectangle }[]): Promise<void> {
    this.#made += 1
    const call = this.#made
    const parts = planned.map(({ want, area }) => ({ title: want.state.target.title, area, state: want.state }))
    for (const answer of await this.#options.read(parts)) {
      for (const [index, { state, area }] of answer.parts.entries()) {
        const isText = answer.isText[index]
        if (isText !== undefined) this.#datesOf(state).masks.push({ call, area, isText })
      }
    }
    const rows = new Map<Want, number>()
    for (const { want, area } of planned) rows.set(want, rowsOf(area))
    for (const [want, count] of rows) {
      want.come += count
      if (want.come >= rowsOfWant(want)) want.done.resolve()
    }
  }

  /** Calls of which something is still to be used. */
  #kept(): number {
    const calls = new Set<number>()
    for (const { masks } of this.#targets.values()) for (const { call } of masks) calls.add(call)
    return calls.size
  }

  #datesOf(state: TargetState): TargetDates {
    let dates = this.#targets.get(state)
    if (dates === undefined) {
      dates = { wantedTo: state.saved.nextRow, wantedFrom: new Map(), wants: [], masks: [] }
      this.#targets.set(state, dates)
    }
    return dates
  }

  /** Wants some rows of a target, and those above them that columns found late still lack. */
  #want(state: TargetState, dates: TargetDates, area: Rectangle): void {
    const columns = state.numberColumns
    // Columns that were not known to hold numbers when these rows were wanted, or rows above them.
    for (const column of columns) if (!dates.wantedFrom.has(column)) dates.wantedFrom.set(column, dates.wantedTo)
    const late = columns.filter((column) => (dates.wantedFrom.get(column) ?? 0) > area.startRow)
    for (const [from, together] of Map.groupBy(late, (column) => dates.wantedFrom.get(column) ?? 0)) {
      this.#push(state, dates, area.startRow, from, together)
      for (const column of together) dates.wantedFrom.set(column, area.startRow)
    }
    this.#wantTo(state, dates, area.endRow)
  }

  /** Wants a target down to a row, and further, if that makes the calls as full as they may be. */
  #wantTo(state: TargetState, dates: TargetDates, toRow: number): void {
    const columns = state.numberColumns
    for (const column of columns) if (!dates.wantedFrom.has(column)) dates.wantedFrom.set(column, dates.wantedTo)
    if (columns.length === 0) {
      dates.wantedTo = Math.max(dates.wantedTo, toRow)
      return
    }
    const { endRow } = state.target.area
    while (dates.wantedTo < toRow) {
      const left = endRow - dates.wantedTo
      const calls = Math.ceil((left * columns.length) / (this.#options.budget.cells * SLACK))
      const rows = Math.ceil(left / calls)
      this.#push(state, dates, dates.wantedTo, dates.wantedTo + rows, columns)
      dates.wantedTo += rows
    }
  }

  #push(state: TargetState, dates: TargetDates, startRow: number, endRow: number, columns: readonly number[]): void {
    const { title, area } = state.target
    const want: Want = {
      state,
      startRow,
      endRow,
      columns,
      startColumn: area.startColumn,
      urlBytes: urlBytes(title, { ...area, endRow }),
      done: Promise.withResolvers(),
      asked: 0,
      come: 0,
    }
    dates.wants.push(want)
    this.#pending.push(want)
  }
}

function rowsOfWant({ startRow, endRow }: Want): number {
  return endRow - startRow
}

/** Puts together, from all that has come, the mask of some rows and columns. */
function assemble(
  masks: readonly Mask[],
  area: Rectangle,
  columns: readonly number[],
  firstColumn: number,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(rowsOf(area) * columns.length)
  for (const mask of masks) {
    const width = mask.area.endColumn - mask.area.startColumn
    const from = Math.max(area.startRow, mask.area.startRow)
    const to = Math.min(area.endRow, mask.area.endRow)
    for (const [index, column] of columns.entries()) {
      const inMask = firstColumn + column - mask.area.startColumn
      if (inMask < 0 || inMask >= width) continue
      for (let row = from; row < to; row += 1) {
        const flag = mask.isText[(row - mask.area.startRow) * width + inMask] ?? 0
        if (flag !== 0) result[(row - area.startRow) * columns.length + index] = flag
      }
    }
  }
  return result
}
