import { abortable } from '../../concurrency/abortable.ts'
import type { SyncRequest } from '../../model/sync-request.ts'
import type { Body, Render } from '../../ports/sheet-source.ts'
import { CallFault } from '../../ports/sheet-source.ts'
import { type CallBudget, urlBytes } from '../../sheets/plan.ts'
import type { EncodedPiece, Part, Piece } from './block-task.ts'
import { type Calls, cellsOf, columnsOf } from './calls.ts'
import type { CodecPool } from './codec-pool.ts'
import { DateReads } from './date-reads.ts'
import type { TargetState } from './target-state.ts'
import type { DownloadTuning } from './tuning.ts'

/** Some rows of one target, read in one call together with others. */
export interface BlockPart extends Part {
  readonly state: TargetState
}

export interface WrittenPart extends BlockPart {
  readonly encoded: EncodedPiece
}

export interface BlockReadsOptions {
  readonly states: readonly TargetState[]
  readonly request: SyncRequest
  readonly calls: Calls
  readonly codec: CodecPool
  readonly tuning: DownloadTuning
  /** Budgets of the two kinds of calls, for they differ in bytes per cell. */
  readonly budget: CallBudget
  readonly dateBudget: CallBudget
  readonly signal: AbortSignal
  /** Called for one block after the other, in order, with all that a block holds. */
  write(parts: readonly WrittenPart[]): Promise<void>
}

/**
 * Reads what is left of the targets, block by block: several blocks at a time, written in order. A block is as many
 * rows, of as many targets, as one call may ask for. Memory holds no more than the blocks in flight.
 */
export class BlockReads {
  readonly #options: BlockReadsOptions
  readonly #render: Render
  readonly #dates: DateReads | undefined
  readonly #firstAnswer = Promise.withResolvers<void>()
  readonly #inFlight = new Set<Promise<void>>()
  /** For each target the row up to which it is being read. */
  readonly #begun = new Map<TargetState, number>()
  #cellsInFlight = 0
  /** Blocks that may still tell of columns that hold numbers. */
  #reading = 0
  #target = 0
  #row: number

  constructor(options: BlockReadsOptions) {
    this.#options = options
    const { request, calls, codec, states, dateBudget, tuning, signal } = options
    this.#render = renderOf(request)
    this.#row = states[0]?.saved.nextRow ?? 0
    this.#skipWritten()
    if (request.values !== 'typed' || request.dates !== 'iso') return
    this.#dates = new DateReads({
      budget: dateBudget,
      callsInFlight: tuning.dateCallsInFlight,
      isWaitedFor: () => this.#reading === 0 || this.#options.states.every((state) => state.isScanned),
      read: (parts) =>
        calls.read(parts, {
          render: { ...this.#render, dates: 'FORMATTED_STRING' },
          budget: dateBudget,
          signal,
          use: async (body, used) => {
            const result = await codec.run({ kind: 'mask', body, parts: used.map(asPart) })
            if (result.kind === 'bad') throw new CallFault(result.fault, result.message)
            return { parts: used, isText: result.isText }
          },
        }),
    })
  }

  /** Resolves when everything is written. Rejects with the first error; nothing goes on after that. */
  async run(): Promise<void> {
    const { budget } = this.#options
    let before: Promise<void> = Promise.resolve()
    while (this.#target < this.#options.states.length) {
      while (this.#isFull()) await Promise.race(this.#inFlight)
      // The size of the next block is chosen by what the first one weighs, unless one more will be all.
      if (!budget.isKnown && this.#inFlight.size > 0 && this.#cellsLeft() > budget.cells) {
        await Promise.race([this.#firstAnswer.promise, ...this.#inFlight])
      }
      const parts = this.#nextBlock()
      const cells = cellsOf(parts)
      const block = this.#runBlock(parts, before)
      before = block
      this.#inFlight.add(block)
      this.#cellsInFlight += cells
      block.then(
        () => {
          this.#inFlight.delete(block)
          this.#cellsInFlight -= cells
        },
        () => {},
      )
    }
    await Promise.all(this.#inFlight)
  }

  /** Whether one more block would be more than may be in memory: small ones, such as the first, leave room for others. */
  #isFull(): boolean {
    const { tuning, budget } = this.#options
    const { size } = this.#inFlight
    if (size < tuning.blocksInFlight) return false
    const next = Math.min(budget.cells, this.#cellsLeft())
    return size >= 2 * tuning.blocksInFlight || this.#cellsInFlight + next > tuning.blocksInFlight * budget.cells
  }

  /** Resolves when nothing of what {@link run} began is still under way, whatever came of it. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#inFlight, this.#dates?.settled()])
  }

  async #runBlock(parts: readonly BlockPart[], before: Promise<void>): Promise<void> {
    const { calls, budget, write, signal } = this.#options
    this.#reading += 1
    let isReading = true
    for (const { state, area } of parts) {
      this.#begun.set(state, area.endRow)
      this.#announce(state)
    }
    const use = async (body: Body, used: readonly BlockPart[]) => {
      this.#firstAnswer.resolve()
      try {
        const scanned = await this.#scan(body, used)
        for (const { state } of used) this.#announce(state)
        for (const { state, area } of used) state.arrive(area)
        if (isReading) this.#reading -= 1
        isReading = false
        this.#dates?.pumpSoon()
        return await this.#encode(scanned, used)
      } catch (error) {
        if (error instanceof CallFault && !isReading) {
          this.#reading += 1
          isReading = true
        }
        throw error
      }
    }
    const blocks = await calls.read(parts, { render: this.#render, budget, signal, use })
    await before
    const written = blocks.flat()
    await write(written)
    for (const { state } of written) this.#dates?.forget(state)
  }

  /** Once the columns are known, the dates of all that is under way can be read beside it. */
  #announce(state: TargetState): void {
    if (state.isScanned) this.#dates?.announce(state, this.#begun.get(state) ?? 0)
  }

  async #encode(body: Body, parts: readonly BlockPart[]): Promise<WrittenPart[]> {
    const { codec, request, signal } = this.#options
    let bytes = body
    for (;;) {
      const result = await codec.run({
        kind: 'encode',
        body: bytes,
        parts: await Promise.all(parts.map((part) => abortable(this.#pieceOf(part), signal))),
        formats: request.formats,
        csv: { ...request.csv, numbersAreText: request.values === 'formatted' },
        spare: codec.spareFor(bytes, request.formats),
      })
      if (result.kind === 'bad') throw new CallFault(result.fault, result.message)
      if (result.kind === 'encoded') {
        return parts.map((part, index) => {
          const encoded = result.pieces[index]
          if (encoded === undefined) throw new TypeError('a piece is missing in what was encoded')
          if (encoded.header !== undefined) part.state.knowHeader(encoded.header)
          if (this.#dates === undefined) part.state.knowColumns([])
          return { ...part, encoded }
        })
      }
      // Numbers in columns that had none so far: their dates are read as well, then it is tried again.
      bytes = result.body
      for (const [index, { state }] of parts.entries()) state.knowColumns(result.numberColumns[index] ?? [])
    }
  }

  /** Finds the columns that hold numbers in targets that begin here, if dates are asked for; gives the answer back. */
  async #scan(body: Body, parts: readonly BlockPart[]): Promise<Body> {
    if (this.#dates === undefined || !parts.some((part) => !part.state.isScanned && isFirst(part))) return body
    const result = await this.#options.codec.run({ kind: 'scan', body, parts: parts.map(asPart) })
    if (result.kind === 'bad') throw new CallFault(result.fault, result.message)
    for (const [index, part] of parts.entries()) {
      if (isFirst(part)) part.state.knowColumns(result.numberColumns[index] ?? [])
    }
    return result.body
  }

  async #pieceOf(part: BlockPart): Promise<Piece> {
    const { state, title, area } = part
    const isHeader = state.isHeader(area.startRow)
    if (this.#dates !== undefined) await state.columnsKnown.promise
    const dates = await this.#dates?.mask(state, area)
    if (!isHeader) await state.headerKnown.promise
    const header = isHeader
      ? ({ kind: 'here' } as const)
      : state.header === undefined
        ? ({ kind: 'none' } as const)
        : ({ kind: 'known', header: state.header } as const)
    return { title, area, header, width: state.saved.width, ...(dates !== undefined && { dates }) }
  }

  /** Cuts the next block from what is left; cells are shared out evenly between the calls that are still needed. */
  #nextBlock(): BlockPart[] {
    const { budget, states } = this.#options
    const left = this.#cellsLeft()
    const limit = Math.ceil(left / Math.ceil(left / budget.cells))
    const parts: BlockPart[] = []
    let cells = 0
    let bytes = 0
    for (let state = states[this.#target]; state !== undefined; state = states[this.#target]) {
      const { title, area } = state.target
      const width = columnsOf(area)
      const rowsLeft = area.endRow - this.#row
      const room = Math.floor((limit - cells) / width)
      bytes += urlBytes(title, area)
      if (parts.length > 0) {
        if (bytes > budget.urlBytes) break
        // What fits whole is read whole, and of what does not, a little is not worth a range.
        if (room < rowsLeft && (rowsLeft * width <= budget.cells || room * width < limit / 4)) break
      }
      const rows = Math.min(rowsLeft, Math.max(1, room))
      parts.push({ state, title, area: { ...area, startRow: this.#row, endRow: this.#row + rows } })
      cells += rows * width
      this.#row += rows
      if (this.#row < area.endRow) break
      this.#target += 1
      this.#row = states[this.#target]?.saved.nextRow ?? 0
      this.#skipWritten()
    }
    return parts
  }

  /** Targets that are done, and those of no rows, are nothing to read. */
  #skipWritten(): void {
    const { states } = this.#options
    for (let state = states[this.#target]; state !== undefined; state = states[this.#target]) {
      if (!state.isDone && this.#row < state.target.area.endRow) return
      this.#target += 1
      this.#row = states[this.#target]?.saved.nextRow ?? 0
    }
  }

  #cellsLeft(): number {
    const { states } = this.#options
    return states.slice(this.#target).reduce((sum, { target, isDone, saved }, index) => {
      if (isDone) return sum
      const from = index === 0 ? this.#row : saved.nextRow
      return sum + (target.area.endRow - from) * columnsOf(target.area)
    }, 0)
  }
}

function isFirst({ state, area }: BlockPart): boolean {
  return area.startRow === state.target.area.startRow
}

function asPart({ title, area }: Part): Part {
  return { title, area }
}

function renderOf({ values }: SyncRequest): Render {
  const option = { typed: 'UNFORMATTED_VALUE', formatted: 'FORMATTED_VALUE', formula: 'FORMULA' } as const
  return { values: option[values], dates: 'SERIAL_NUMBER' }
}
