import { AppError } from '../errors.ts'
import type { Rectangle } from '../model/rectangle.ts'
import type { SyncWarning } from '../model/sync.ts'
import type { Area, Description, Selection } from '../ports/sheet-source.ts'
import { clipToGrid, parseReference, splitTitle } from './a1.ts'
import type { SpreadsheetDescription, TabDescription } from './google-description.ts'

/** Titles that a hint lists at most. */
const LISTED = 20

interface GridTab extends TabDescription {
  readonly grid: { readonly rows: number; readonly columns: number }
}

/** Finds what is to be read. Throws TAB_NOT_FOUND or RANGE_NOT_FOUND, naming each field that names nothing. */
export function findAreas(spreadsheet: SpreadsheetDescription, selection: Selection): Description {
  const { ranges } = selection
  return ranges === null ? findTabs(spreadsheet, selection) : findRanges(spreadsheet, selection, ranges)
}

function findTabs({ title: name, tabs }: SpreadsheetDescription, selection: Selection): Description {
  const missing: { name: string; field: string }[] = []
  const chosen = new Set<TabDescription>()
  for (const [index, selector] of (selection.tabs ?? []).entries()) {
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
  const areas: Area[] = []
  for (const tab of selection.tabs === null ? tabs : chosen) {
    if (!isGrid(tab)) {
      warnings.push({ code: 'TAB_SKIPPED', message: 'is no grid of cells and was skipped', tab: tab.title, count: 1 })
      continue
    }
    const { gid, title, grid } = tab
    const whole = { startRow: 0, endRow: grid.rows, startColumn: 0, endColumn: grid.columns }
    areas.push({ gid, title, range: null, number: undefined, rectangle: fromHeader(whole, selection.headerRow) })
  }
  return { title: name, areas, warnings }
}

function findRanges(spreadsheet: SpreadsheetDescription, selection: Selection, ranges: readonly string[]): Description {
  const missing: { field: string; message: string; hint?: string }[] = []
  const names: string[] = []
  const areas: Area[] = []
  for (const [index, range] of ranges.entries()) {
    const found = findRange(spreadsheet, range)
    if ('message' in found) {
      names.push(quoted(range))
      missing.push({ field: `ranges[${index}]`, ...found })
      continue
    }
    const { tab, area } = found
    areas.push({
      gid: tab.gid,
      title: tab.title,
      range,
      number: index + 1,
      rectangle: fromHeader(area, selection.headerRow),
    })
  }
  if (missing.length > 0) {
    throw new AppError('RANGE_NOT_FOUND', `The spreadsheet has no range ${names.join(', ')}.`, {
      errors: missing,
      ...(missing[0]?.hint !== undefined && { hint: missing[0].hint }),
    })
  }
  return { title: spreadsheet.title, areas, warnings: [] }
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
function fromHeader(whole: Rectangle, headerRow: number): Rectangle {
  return { ...whole, startRow: Math.min(whole.endRow, whole.startRow + Math.max(0, headerRow - 1)) }
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
