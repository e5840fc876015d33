import { type Cell, type ChangingCell, type ShownCell, toCell, type Writable } from './cells.ts'
import type { GridTab, NamedRange, Rectangle, Tab, Workbook } from './workbook.ts'

/** Who may read a workbook, and what Google takes it for. */
export type Access = 'ok' | 'forbidden' | 'missing' | 'xlsx' | 'drive-forbidden'

/** Those who could read a workbook once that it remembers. */
const READERS_KEPT = 1_000

/** Columns a row may have at most; only used to make one number of a cell's place. */
const STRIDE = 32_768

/** A tab as it is now: what it was given with, and the edits since. */
export class LiveTab {
  readonly gid: number
  readonly title: string
  readonly hidden: boolean
  readonly frozenRowCount: number
  readonly merges: readonly Rectangle[]
  /** Absent for an object tab. */
  readonly grid: GridTab | undefined
  rowCount = 0
  columnCount = 0
  readonly #edits = new Map<number, Cell>()
  /** How often cells that change were read. */
  readonly #reads = new Map<ChangingCell, number>()

  constructor(tab: Tab) {
    this.gid = tab.gid
    this.title = tab.title
    this.hidden = tab.hidden ?? false
    const grid = tab.sheetType === 'OBJECT' ? undefined : tab
    this.grid = grid
    this.merges = grid?.merges ?? []
    this.frozenRowCount = grid?.frozenRowCount ?? 0
    this.rowCount = grid?.rowCount ?? 0
    this.columnCount = grid?.columnCount ?? 0
  }

  /** Reads the cell at 0-based coordinates; cells that a merge covers are blank. One that changes does so by being read. */
  read(row: number, column: number): ShownCell {
    if (this.merges.length > 0 && this.#covered(row, column)) return null
    const edit = this.#edits.size > 0 ? this.#edits.get(row * STRIDE + column) : undefined
    const cell = edit === undefined ? (this.grid?.cell(row, column) ?? null) : edit
    return typeof cell === 'object' && cell?.kind === 'changing' ? this.#next(cell) : cell
  }

  #next(cell: ChangingCell): ShownCell {
    const reads = this.#reads.get(cell) ?? 0
    this.#reads.set(cell, reads + 1)
    return cell.values[Math.min(reads, cell.values.length - 1)] ?? null
  }

  /** Writes one cell; the grid grows to hold it. */
  edit(row: number, column: number, value: Writable): void {
    this.#edits.set(row * STRIDE + column, toCell(value))
    this.rowCount = Math.max(this.rowCount, row + 1)
    this.columnCount = Math.max(this.columnCount, column + 1)
  }

  #covered(row: number, column: number): boolean {
    return this.merges.some(
      (merge) =>
        row >= merge.startRowIndex &&
        row < merge.endRowIndex &&
        column >= merge.startColumnIndex &&
        column < merge.endColumnIndex &&
        !(row === merge.startRowIndex && column === merge.startColumnIndex),
    )
  }
}

/** A workbook as it is served: access, version and edits on top of what was given. */
export class LiveWorkbook {
  readonly id: string
  readonly title: string
  readonly locale: string
  readonly timeZone: string
  readonly tabs: readonly LiveTab[]
  readonly namedRanges: readonly NamedRange[]
  readonly createdTime: string
  readonly driveId: string | undefined
  readonly isOpenByLink: boolean
  modifiedTime: string
  access: Access = 'ok'
  #version: number
  /** Absent: everybody. */
  #sharedWith: ReadonlySet<string> | undefined
  /** Who could read it at some time, its readers among them; absent: everybody. */
  #readers: ReadonlySet<string> | undefined

  constructor(workbook: Workbook, now: number) {
    this.id = workbook.id
    this.title = workbook.title
    this.locale = workbook.locale ?? 'en_US'
    this.timeZone = workbook.timeZone ?? 'Etc/GMT'
    this.tabs = workbook.tabs.map((tab) => new LiveTab(tab))
    this.namedRanges = workbook.namedRanges ?? []
    this.driveId = workbook.driveId
    this.isOpenByLink = workbook.isOpenByLink ?? false
    this.createdTime = new Date(now).toISOString()
    this.modifiedTime = this.createdTime
    this.#version = workbook.version ?? 1
    this.#sharedWith = workbook.sharedWith && emails(workbook.sharedWith)
    this.#readers = this.#sharedWith
  }

  /** "A monotonically increasing version number for the file" (Drive `files`): a decimal string. */
  get version(): string {
    return String(this.#version)
  }

  /** Shares it with these e-mails alone, or, without any list, with everybody. */
  share(sharedWith: readonly string[] | undefined): void {
    this.#sharedWith = sharedWith && emails(sharedWith)
    const readers = this.#readers && this.#sharedWith && [...this.#readers, ...this.#sharedWith]
    this.#readers = readers && new Set(readers.slice(-READERS_KEPT))
  }

  /** Whether it is shared with an account, or is open to everybody; an absent account is one of nobody. */
  isReadableBy(email = ''): boolean {
    return this.isOpenByLink || (this.#sharedWith?.has(email) ?? true)
  }

  /** Whether an account could read it at some time, so that its change log may tell of it. */
  wasReadableBy(email = ''): boolean {
    return this.isOpenByLink || (this.#readers?.has(email) ?? true)
  }

  tab(gid: number): LiveTab | undefined {
    return this.tabs.find((tab) => tab.gid === gid)
  }

  /** A tab by title; Google keeps titles apart without regard to case, so a title in another case still finds it. */
  tabTitled(title: string): LiveTab | undefined {
    const lower = title.toLowerCase()
    return this.tabs.find((tab) => tab.title === title) ?? this.tabs.find((tab) => tab.title.toLowerCase() === lower)
  }

  namedRange(name: string): NamedRange | undefined {
    const lower = name.toLowerCase()
    return this.namedRanges.find((range) => range.name.toLowerCase() === lower)
  }

  /** Edits one cell: the version and the modified time move. Throws where there is no such grid tab. */
  edit(gid: number, row: number, column: number, value: Writable, now: number): void {
    const tab = this.tab(gid)
    if (!tab?.grid) throw new RangeError(`no grid tab ${gid} in ${this.id}`)
    tab.edit(row, column, value)
    this.touch()
    this.modifiedTime = new Date(now).toISOString()
  }

  /** Moves the version alone, as Drive does at changes nobody sees (sharing, comments, opening). */
  touch(): void {
    this.#version += 1
  }
}

/** E-mails in the case that they are compared in. */
function emails(list: readonly string[]): ReadonlySet<string> {
  return new Set(list.map((email) => email.toLowerCase()))
}
