import type { Block } from '../blocks/block.ts'
import type { Reader } from '../model/reader.ts'
import type { Rectangle } from '../model/rectangle.ts'
import type { SpreadsheetSettings, SyncFault, SyncWarning } from '../model/sync.ts'
import type { SyncRequest } from '../model/sync-request.ts'
import type { Slot } from './job-runner.ts'

/** Where rows come from. */
export interface SheetSource {
  /** Makes what one sync reads a spreadsheet with. Nothing is called yet. */
  open(spreadsheetId: string, context: ReadContext): Spreadsheet
}

/** Who reads, and who is notified of it. */
export interface ReadContext {
  readonly reader: Reader
  /** Aborted when the reader must stop: whatever is under way then rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** Whose reads these are; the quota is shared out evenly between keys. */
  readonly key: string
  /** Whether nobody waits for it: it reads what others leave. Default: somebody does. */
  readonly background?: boolean
  /** Called for each request as it is sent, repeats included. */
  onCall(): void
  /**
   * Called with the time at which reading goes on while the quota, or cells that have not loaded, make it wait, and with
   * `undefined` once it does.
   */
  onWait(until: Date | undefined): void
  /** Called with what hinders reading whenever that changes, and with `null` once nothing does. */
  onFault(fault: SyncFault | null): void
  /** Is on offer while nothing but faults come, and released when that lasts long; absent where nobody waits for it. */
  readonly slot?: Slot | undefined
  /** Called for rows of an area that have arrived and will come in a block. */
  onRows(area: number, rows: number): void
}

/**
 * One spreadsheet as one sync reads it. Every method repeats its calls as long as that can help and the signal is not
 * aborted; it rejects with an AppError when it cannot.
 */
export interface Spreadsheet {
  /** Finds what is asked for. Rejects with TAB_NOT_FOUND or RANGE_NOT_FOUND, naming each field that names nothing. */
  describe(selection: Selection): Promise<Description>

  /** A text that changes whenever the spreadsheet does, or `undefined` where the credential may not know it. */
  version(): Promise<string | undefined>

  /**
   * Reads areas. Yields the blocks that came together, those of one area in the order of its rows, without gap or
   * overlap; areas without rows have none. Memory holds no more than some blocks, however large the areas. Once the
   * iteration has ended, by whatever cause, nothing that it began is under way any more.
   */
  read(areas: readonly AreaToRead[], options: ReadOptions): AsyncIterable<readonly Block[]>
}

/** What of a spreadsheet is wanted. */
export type Selection = Pick<SyncRequest, 'tabs' | 'ranges' | 'headerRow'>

/** How cells are read, and whether the first row of an area names its columns. */
export interface ReadOptions extends Pick<SyncRequest, 'values' | 'dates'> {
  readonly hasHeader: boolean
}

export interface Description extends Readonly<SpreadsheetSettings> {
  readonly title: string
  readonly areas: readonly Area[]
  readonly warnings: readonly SyncWarning[]
}

/** One thing to be written as files of its own: a tab, or a range of one. */
export interface Area {
  readonly gid: number
  readonly title: string
  /** The range as asked for; `null` for a whole tab. */
  readonly range: string | null
  /** Which of the ranges it is, from 1. */
  readonly number: number | undefined
  /** What is read: from the header row down. Empty where that lies below the grid. */
  readonly rectangle: Rectangle
}

/** An area of which some rows may have been read before. */
export interface AreaToRead extends Pick<Area, 'title' | 'rectangle'> {
  /** The first row to read; with one below the area's first, the rest is what was known of the rows above. */
  readonly fromRow: number
  readonly header: readonly string[] | null
  readonly numberColumns: readonly number[]
}
