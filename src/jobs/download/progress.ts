import { columnCount, rowCount } from '../../model/rectangle.ts'
import type { SyncFault, SyncProgress, SyncReport, SyncTab, SyncWarning } from '../../model/sync.ts'
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

/** What a reader of the rows should know of them, one line for each tab and matter. */
function warningsOf({ states, hasHeader }: ProgressSource): SyncWarning[] {
  const warnings: SyncWarning[] = []
  for (const { area, written, names } of states) {
    const warn = (code: string, count: number, message: string) => {
      if (count > 0) warnings.push({ code, message, tab: area.title, count })
    }
    const extra = written.header === null ? 0 : written.width - written.header.length
    const isMissing = hasHeader && rowCount(area.rectangle) === 0
    warn('ERROR_CELLS', written.errors, 'cells show an error such as #REF! and were kept as text')
    warn('LOADING_CELLS', written.loading, 'cells had not loaded at the third read and were kept as Loading...')
    warn('HEADERS_REPEATED', names?.repeated ?? 0, 'headers occur more than once and were numbered, as in Name_2')
    warn(
      'HEADERS_TRIMMED',
      names?.trimmed ?? 0,
      'headers had blanks or unseen characters around them, which were left out',
    )
    warn('HEADERS_EMPTY', names?.empty ?? 0, 'columns have an empty header and were named by their letter')
    warn('COLUMNS_WITHOUT_HEADER', extra, 'columns lie past the last header and were named by their letter')
    warn('HEADER_ROW_MISSING', isMissing ? 1 : 0, 'the header row lies below the grid')
  }
  return warnings
}

/** A report with everything in it. */
export function fullReport(source: ProgressSource, warnings: readonly SyncWarning[]): SyncReport {
  return { progress: progressOf(source), tabs: tabsOf(source), warnings: [...warnings, ...warningsOf(source)] }
}
