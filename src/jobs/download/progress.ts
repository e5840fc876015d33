import { columnLetters } from '../../blocks/column-names.ts'
import { columnCount, rowCount } from '../../model/rectangle.ts'
import type { SyncFault, SyncProgress, SyncTab, SyncWarning } from '../../model/sync.ts'
import type { SyncReport } from '../../model/sync-report.ts'
import { LOADING_CELLS, warningAbout } from '../../model/sync-warning.ts'
import type { AreaState } from './area-state.ts'

/** What a report is made of. */
export interface ProgressSource {
  readonly syncId: string
  readonly states: readonly AreaState[]
  readonly phase: SyncProgress['phase']
  readonly hasHeader: boolean
  /** Calls made so far, by all owners of the sync, repeats included. */
  readonly apiCalls: number
  /** When reading goes on, while the quota makes it wait. */
  readonly waitingUntil: Date | undefined
  /** What hinders the download now. */
  readonly fault: SyncFault | null
}

/**
 * How far the areas are. Percent counts cells of the grid, as blank ones are read as well, and those that have arrived
 * but are not written yet (their dates may still be read) as half done.
 */
export function progressOf({ states, phase, apiCalls, waitingUntil, fault }: ProgressSource): Partial<SyncProgress> {
  let rows = 0
  let allRows = 0
  let doneCells = 0
  let arrivedCells = 0
  let allCells = 0
  let cells = 0
  let tabsDone = 0
  for (const { area, written, arrived } of states) {
    const { rectangle } = area
    const width = columnCount(rectangle)
    const done = written.nextRow - rectangle.startRow
    rows += done
    allRows += rowCount(rectangle)
    doneCells += done * width
    arrivedCells += arrived * width
    allCells += rowCount(rectangle) * width
    cells += written.cells
    if (written.files !== null) tabsDone += 1
  }
  const isKnown = phase !== 'reading-metadata'
  const share = allCells === 0 ? 1 : (doneCells + arrivedCells / 2) / allCells
  return {
    phase,
    percent: phase === 'publishing' ? 99 : isKnown ? Math.floor(1 + share * 97) : 0,
    apiCalls,
    waitingUntil: waitingUntil?.toISOString() ?? null,
    fault,
    ...(isKnown && { tabsDone, tabsTotal: states.length, rowsDone: rows, rowsTotal: allRows, cellsDone: cells }),
  }
}

function tabsOf({ syncId, states }: ProgressSource): SyncTab[] {
  return states.map(({ area, written }) => ({
    gid: area.gid,
    title: area.title,
    range: area.range,
    state: written.files !== null ? 'done' : written.nextRow > area.rectangle.startRow ? 'downloading' : 'waiting',
    rows: written.rows,
    columns: written.width,
    files: (written.files ?? []).map((file) => ({ ...file, href: fileHref(syncId, file.name) })),
  }))
}

/** Where a file of a sync is answered. */
export function fileHref(syncId: string, name: string): string {
  return `/syncs/${syncId}/files/${name}`
}

/** Columns that a warning names. */
const NAMED = 5

/** What a reader of the rows should know of them, one line for each area and matter. */
function warningsOf({ states, hasHeader }: ProgressSource): SyncWarning[] {
  const warnings: SyncWarning[] = []
  for (const { area, written, names } of states) {
    const { title: tab, range, rectangle } = area
    const warn = (code: string, count: number, matter: string) => {
      if (count > 0) warnings.push(warningAbout({ tab, range }, code, count, matter))
    }
    const { repeated = [], trimmed = [], empty = [] } = names ?? {}
    const past = written.header === null ? [] : lettersFrom(rectangle.startColumn, written.header.length, written.width)
    warn('ERROR_CELLS', written.errors, `${cells(written.errors)} with an error such as #REF!, kept as text`)
    warn(LOADING_CELLS, written.loading, `${cells(written.loading)} not loaded at the third read, kept as Loading...`)
    warn('HEADERS_REPEATED', repeated.length, `repeated header in ${columns(repeated)}, numbered as in Name_2`)
    warn(
      'HEADERS_TRIMMED',
      trimmed.length,
      `blanks or unseen characters around the header of ${columns(trimmed)}, left out`,
    )
    warn('HEADERS_EMPTY', empty.length, `empty header in ${columns(empty)}, named by letter`)
    warn('COLUMNS_WITHOUT_HEADER', past.length, `no header above ${columns(past)}, named by letter`)
    if (hasHeader && rowCount(rectangle) === 0) {
      warn('HEADER_ROW_MISSING', 1, 'the header row lies below the grid, so there are no rows')
    }
  }
  return warnings
}

function cells(count: number): string {
  return count === 1 ? '1 cell' : `${count} cells`
}

function columns(letters: readonly string[]): string {
  const more = letters.length > NAMED ? ` and ${letters.length - NAMED} more` : ''
  return `${letters.length === 1 ? 'column' : 'columns'} ${letters.slice(0, NAMED).join(', ')}${more}`
}

/** The letters of the columns of an area from one to before another. */
function lettersFrom(startColumn: number, from: number, to: number): string[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => columnLetters(startColumn + from + index))
}

/** A report with everything in it. */
export function fullReport(source: ProgressSource, warnings: readonly SyncWarning[]): SyncReport {
  return { progress: progressOf(source), tabs: tabsOf(source), warnings: [...warnings, ...warningsOf(source)] }
}
