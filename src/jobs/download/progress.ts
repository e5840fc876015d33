import type { SyncProgress, SyncReport, SyncTab, SyncWarning } from '../../model/sync.ts'
import { columnsOf, rowsOf } from './calls.ts'
import type { TargetState } from './target-state.ts'

/** What a report is made of. */
export interface ProgressSource {
  readonly syncId: string
  readonly states: readonly TargetState[]
  readonly phase: SyncProgress['phase']
  readonly calls: { readonly count: number; readonly waitingUntil: Date | undefined }
}

/**
 * Tells how far the targets are. Percent counts cells of the grid, as blank ones are looked through as well, and those that
 * have come but are not written yet (their dates may still be read) as half done.
 */
export function progressOf({ states, phase, calls }: ProgressSource): Partial<SyncProgress> {
  let rows = 0
  let allRows = 0
  let area = 0
  let arrived = 0
  let allArea = 0
  let cells = 0
  let tabsDone = 0
  for (const { target, saved, isDone, arrivedRows } of states) {
    const width = columnsOf(target.area)
    const done = saved.nextRow - target.area.startRow
    rows += done
    arrived += arrivedRows * width
    allRows += rowsOf(target.area)
    area += done * width
    allArea += rowsOf(target.area) * width
    cells += saved.cells
    if (isDone) tabsDone += 1
  }
  const isKnown = phase !== 'reading-metadata'
  const share = allArea === 0 ? 1 : (area + arrived / 2) / allArea
  return {
    phase,
    percent: phase === 'publishing' ? 99 : isKnown ? Math.floor(1 + share * 97) : 0,
    apiCalls: calls.count,
    waitingUntil: calls.waitingUntil?.toISOString() ?? null,
    ...(isKnown && { tabsDone, tabsTotal: states.length, rowsDone: rows, rowsTotal: allRows, cellsDone: cells }),
  }
}

export function tabsOf({ syncId, states }: ProgressSource): SyncTab[] {
  return states.map(({ target, saved, isDone }) => ({
    gid: target.gid,
    title: target.title,
    range: target.range,
    state: isDone ? 'done' : saved.nextRow > target.area.startRow ? 'downloading' : 'waiting',
    rows: saved.rows,
    columns: saved.width,
    files: (saved.files ?? []).map((file) => ({ ...file, href: fileHref(syncId, file.name) })),
  }))
}

/** Where a file of a sync is answered. */
export function fileHref(syncId: string, name: string): string {
  return `/syncs/${syncId}/files/${name}`
}

/** What a reader of the rows should know of them, one line for each tab and matter. */
export function warningsOf(states: readonly TargetState[]): SyncWarning[] {
  const warnings: SyncWarning[] = []
  for (const { target, saved, hasHeader, names, header } of states) {
    const warn = (code: string, count: number, message: string) => {
      if (count > 0) warnings.push({ code, message, tab: target.title, count })
    }
    warn('ERROR_CELLS', saved.errors, 'cells show an error such as #REF! and were kept as text')
    warn('HEADERS_REPEATED', names.repeated, 'headers occur more than once and were numbered, as in Name_2')
    warn('HEADERS_EMPTY', names.empty, 'columns have an empty header and were named by their letter')
    const extra = header === undefined ? 0 : saved.width - header.length
    warn('COLUMNS_WITHOUT_HEADER', extra, 'columns lie past the last header and were named by their letter')
    warn('HEADER_ROW_MISSING', hasHeader && rowsOf(target.area) === 0 ? 1 : 0, 'the header row lies below the grid')
  }
  return warnings
}

/** A report with everything in it. */
export function fullReport(source: ProgressSource, warnings: readonly SyncWarning[]): SyncReport {
  return {
    progress: progressOf(source),
    tabs: tabsOf(source),
    warnings: [...warnings, ...warningsOf(source.states)],
  }
}
