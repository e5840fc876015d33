import { AppError } from '../../errors.ts'
import type { SyncWarning } from '../../model/sync.ts'
import type { SyncRequest } from '../../model/sync-request.ts'
import type { SpreadsheetDescription, TabDescription } from '../../ports/sheet-source.ts'
import { clipToGrid, parseReference, type Rectangle, splitTitle } from '../../sheets/a1.ts'

/** One thing to be written as files of its own: a tab, or a range of one. */
export interface Target {
  readonly gid: number
  readonly title: string
  /** The range as asked for; `null` for a whole tab. */
  readonly range: string | null
  /** Which of the ranges it is, from 1. */
  readonly number: number | undefined
  /** What is read: from the header row down. Empty where that lies below the grid. */
  readonly area: Rectangle
}

/** What a request asks for, found in a spreadsheet. */
export interface Targets {
  readonly targets: readonly Target[]
  readonly warnings: readonly SyncWarning[]
}

/** Titles that a hint lists at most. */
const LISTED = 20

interface GridTab extends TabDescription {
  readonly grid: { readonly rows: number; readonly columns: number }
}

/** Finds what is to be downloaded. Throws TAB_NOT_FOUND or RANGE_NOT_FOUND, naming each field that names nothing. */
export function findTargets(spreadsheet: SpreadsheetDescription, request: SyncRequest): Targets {
  return request.ranges === null ? findTabs(spreadsheet, request) : findRanges(spreadsheet, request, request.ranges)
}

function findTabs({ tabs }: SpreadsheetDescription, request: SyncRequest): Targets {
  const missing: { name: string; field: string }[] = []
  const chosen = new Set<TabDescription>()
  for (const [index, selector] of (request.tabs ?? []).entries()) {
    const tab = typeof selector === 'number' ? tabs.find(({ gid }) => gid === selector) : tabTitled(tabs, selector)
    if (tab !== undefined) chosen.add(tab)
    else missing.push({ name: quoted(selector), field: `tabs[${index}]` })
  }
  if (missing.length > 0) {
    const hint = tabHint(tabs)
    throw new AppError('TAB_NOT_FOUND', `The spreadsheet has no tab ${missing.map(({ name }) => name).join(', ')}.`, {
      errors: missing.map(({ name, field }) => ({ field, message: `no tab is ${name}`, hint })),
      hint,
    })
  }
  const warnings: SyncWarning[] = []
  const targets: Target[] = []
  for (const tab of request.tabs === null ? tabs : chosen) {
    if (!isGrid(tab)) {
      warnings.push({ code: 'TAB_SKIPPED', message: 'is no grid of cells and was skipped', tab: tab.title, count: 1 })
      continue
    }
    const { gid, title, grid } = tab
    const whole = { startRow: 0, endRow: grid.rows, startColumn: 0, endColumn: grid.columns }
    targets.push({ gid, title, range: null, number: undefined, area: fromHeader(whole, request.headerRow) })
  }
  return { targets, warnings }
}

function findRanges(spreadsheet: SpreadsheetDescription, request: SyncRequest, ranges: readonly string[]): Targets {
  const missing: { field: string; message: string; hint?: string }[] = []
  const names: string[] = []
  const targets: Target[] = []
  for (const [index, range] of ranges.entries()) {
    const found = findRange(spreadsheet, range)
    if ('message' in found) {
      names.push(quoted(range))
      missing.push({ field: `ranges[${index}]`, ...found })
      continue
    }
    const { tab, area } = found
    targets.push({
      gid: tab.gid,
      title: tab.title,
      range,
      number: index + 1,
      area: fromHeader(area, request.headerRow),
    })
  }
  if (missing.length > 0) {
    throw new AppError('RANGE_NOT_FOUND', `The spreadsheet has no range ${names.join(', ')}.`, {
      errors: missing,
      ...(missing[0]?.hint !== undefined && { hint: missing[0].hint }),
    })
  }
  return { targets, warnings: [] }
}

/**
 * What an A1 text or a name stands for, as Google's "A1 notation" page has it: what reads as cells are cells of the
 * first visible tab, else it is a named range, else a whole tab; after `Title!` may stand cells or a named range.
 */
function findRange(
  { tabs, namedRanges }: SpreadsheetDescription,
  range: string,
): { readonly tab: GridTab; readonly area: Rectangle } | { readonly message: string; readonly hint?: string } {
  const { title, isQuoted, rest } = splitTitle(range)
  const named = (name: string) => {
    const lower = name.toLowerCase()
    return namedRanges.find((one) => one.name === name) ?? namedRanges.find((one) => one.name.toLowerCase() === lower)
  }
  let tab: TabDescription | undefined
  let reference: Partial<Rectangle> | undefined
  if (rest === undefined) {
    const cells = isQuoted ? undefined : parseReference(title)
    const name = isQuoted || cells !== undefined ? undefined : named(title)
    if (cells !== undefined) {
      tab = tabs.find((one) => isGrid(one) && !one.hidden) ?? tabs.find(isGrid)
      reference = cells
    } else if (name !== undefined) {
      tab = tabs.find(({ gid }) => gid === name.gid)
      reference = name.range
    } else {
      tab = tabTitled(tabs, title)
      reference = {}
    }
  } else {
    tab = tabTitled(tabs, title)
    reference = parseReference(rest)
    const name = reference === undefined ? named(rest) : undefined
    if (name !== undefined) {
      tab = tabs.find(({ gid }) => gid === name.gid)
      reference = name.range
    }
    if (tab !== undefined && reference === undefined) {
      return {
        message: `${quoted(rest)} is neither cells such as A1:C10 nor a named range`,
        hint: rangeHint(namedRanges.map((one) => one.name)),
      }
    }
  }
  if (tab === undefined || reference === undefined) {
    const names = namedRanges.map((one) => one.name)
    return {
      message: `${quoted(range)} names no cells, named range or tab`,
      hint: [tabHint(tabs), rangeHint(names)].join(' '),
    }
  }
  if (!isGrid(tab)) return { message: `the tab ${quoted(tab.title)} is no grid of cells` }
  const area = clipToGrid(reference, tab.grid)
  if (area === undefined) {
    const { rows, columns } = tab.grid
    return { message: `${quoted(range)} lies outside the grid, which has ${rows} rows and ${columns} columns` }
  }
  return { tab, area }
}

/** Rows above the header row are no data, so they are not read either. */
function fromHeader(area: Rectangle, headerRow: number): Rectangle {
  return { ...area, startRow: Math.min(area.endRow, area.startRow + Math.max(0, headerRow - 1)) }
}

function isGrid(tab: TabDescription): tab is GridTab {
  return tab.grid !== undefined
}

/** A tab by title; Google keeps titles apart without regard to case, so another case can only mean that tab. */
function tabTitled(tabs: readonly TabDescription[], title: string): TabDescription | undefined {
  const lower = title.toLowerCase()
  return tabs.find((tab) => tab.title === title) ?? tabs.find((tab) => tab.title.toLowerCase() === lower)
}

function tabHint(tabs: readonly TabDescription[]): string {
  const more = tabs.length > LISTED ? ` and ${tabs.length - LISTED} more` : ''
  return `Tabs of the spreadsheet: ${tabs
    .slice(0, LISTED)
    .map(({ title }) => quoted(title))
    .join(', ')}${more}.`
}

function rangeHint(names: readonly string[]): string {
  if (names.length === 0) return 'The spreadsheet has no named ranges.'
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : ''
  return `Named ranges: ${names.slice(0, LISTED).map(quoted).join(', ')}${more}.`
}

function quoted(name: string | number): string {
  return typeof name === 'number' ? `gid ${name}` : `"${name.slice(0, 100)}"`
}
