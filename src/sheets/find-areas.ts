import { AppError, type FieldError } from '../errors.ts'
import { findNamed, findTab } from '../model/find-tab.ts'
import { listed, quoted, quotedTab } from '../model/quoted-names.ts'
import type { Rectangle } from '../model/rectangle.ts'
import type { SyncWarning } from '../model/sync.ts'
import { warningAbout } from '../model/sync-warning.ts'
import type { Area, Description, Selection } from '../ports/sheet-source.ts'
import { clipToGrid, type GridReference, parseReference, splitTitle } from './a1.ts'
import type { SpreadsheetDescription, TabDescription } from './google-description.ts'

/** Finds what is to be read. Throws TAB_NOT_FOUND or RANGE_NOT_FOUND, naming each field that names nothing. */
export function findAreas(spreadsheet: SpreadsheetDescription, selection: Selection): Description {
  const { ranges } = selection
  const { title, timeZone, locale } = spreadsheet
  const found = ranges === null ? findTabs(spreadsheet, selection) : findRanges(spreadsheet, selection, ranges)
  return { title, timeZone, locale, ...found }
}

type FoundAreas = Pick<Description, 'areas' | 'warnings'>

function findTabs({ tabs }: SpreadsheetDescription, selection: Selection): FoundAreas {
  const missing: FieldError[] = []
  const names: string[] = []
  const chosen = new Set<TabDescription>()
  const hint = tabHint(tabs)
  for (const [index, selector] of (selection.tabs ?? []).entries()) {
    const tab = findTab(tabs, selector)
    if (tab !== undefined) {
      chosen.add(tab)
      continue
    }
    names.push(quotedTab(selector))
    missing.push({ field: `tabs[${index}]`, message: `no tab is ${names.at(-1)}`, hint })
  }
  if (missing.length > 0) {
    throw new AppError('TAB_NOT_FOUND', `The spreadsheet has no tab ${names.join(', ')}.`, { errors: missing, hint })
  }
  const warnings: SyncWarning[] = []
  const areas: Area[] = []
  for (const { gid, title, grid } of selection.tabs === null ? tabs : chosen) {
    if (grid === undefined) {
      warnings.push(warningAbout({ tab: title }, 'TAB_SKIPPED', 1, 'no grid of cells (such as a chart), skipped'))
      continue
    }
    const whole = { startRow: 0, endRow: grid.rows, startColumn: 0, endColumn: grid.columns }
    areas.push({ gid, title, range: null, number: undefined, rectangle: fromHeader(whole, selection.headerRow) })
  }
  return { areas, warnings }
}

function findRanges(spreadsheet: SpreadsheetDescription, selection: Selection, ranges: readonly string[]): FoundAreas {
  const missing: FieldError[] = []
  const names: string[] = []
  const areas: Area[] = []
  for (const [index, range] of ranges.entries()) {
    const found = findRange(spreadsheet, range)
    if ('message' in found) {
      names.push(quoted(range))
      missing.push({ field: `ranges[${index}]`, ...found })
      continue
    }
    const { gid, title } = found.tab
    areas.push({ gid, title, range, number: index + 1, rectangle: fromHeader(found.rectangle, selection.headerRow) })
  }
  if (missing.length > 0) {
    const message = `The spreadsheet has no range ${names.join(', ')}.`
    throw new AppError('RANGE_NOT_FOUND', message, { errors: missing, hint: missing[0]?.hint })
  }
  return { areas, warnings: [] }
}

function findRange(
  spreadsheet: SpreadsheetDescription,
  range: string,
): { readonly tab: TabDescription; readonly rectangle: Rectangle } | Omit<FieldError, 'field'> {
  const { tab, reference } = resolve(spreadsheet, range)
  const names = spreadsheet.namedRanges.flatMap(({ name, reference }) => (reference === undefined ? [] : name))
  const rangeHint = names.length === 0 ? 'The spreadsheet has no named ranges.' : `Named ranges: ${listed(names)}.`
  if (tab === undefined) {
    const hint = `${tabHint(spreadsheet.tabs)} ${rangeHint}`
    return { message: `${quoted(range)} names no cells, named range or tab`, hint }
  }
  if (reference === undefined) {
    const rest = quoted(splitTitle(range).rest ?? '')
    return { message: `${rest} is neither cells such as A1:C10 nor a named range`, hint: rangeHint }
  }
  if (tab.grid === undefined) return { message: `the tab ${quoted(tab.title)} is no grid of cells` }
  const rectangle = clipToGrid(reference, tab.grid)
  if (rectangle !== undefined) return { tab, rectangle }
  const { rows, columns } = tab.grid
  return { message: `${quoted(range)} lies outside the grid, which has ${rows} rows and ${columns} columns` }
}

/**
 * What an A1 text or a name stands for, as Google's "A1 notation" page has it: what reads as cells are cells of the
 * first visible tab, else it is a named range, else a whole tab; after `Title!` may stand cells or a named range. A title
 * may also be `gid:N`.
 */
function resolve(
  { tabs, namedRanges }: SpreadsheetDescription,
  range: string,
): { readonly tab: TabDescription | undefined; readonly reference?: GridReference } {
  const { title, isQuoted, rest } = splitTitle(range)
  const cells = isQuoted && rest === undefined ? undefined : parseReference(rest ?? title)
  if (cells !== undefined) {
    const firstVisible = tabs.find(({ grid, hidden }) => grid !== undefined && !hidden) ?? tabs.find(({ grid }) => grid)
    return { tab: rest === undefined ? firstVisible : findTab(tabs, title), reference: cells }
  }
  const named = isQuoted && rest === undefined ? undefined : findNamed(namedRanges, rest ?? title, ({ name }) => name)
  if (named !== undefined) {
    const { gid, reference } = named
    return reference === undefined ? { tab: undefined } : { tab: tabs.find((tab) => tab.gid === gid), reference }
  }
  const tab = findTab(tabs, title)
  return rest === undefined ? { tab, reference: {} } : { tab }
}

/** Rows above the header row are no data, so they are not read either. */
function fromHeader(whole: Rectangle, headerRow: number): Rectangle {
  return { ...whole, startRow: Math.min(whole.endRow, whole.startRow + Math.max(0, headerRow - 1)) }
}

function tabHint(tabs: readonly TabDescription[]): string {
  return `Tabs of the spreadsheet: ${listed(tabs.map(({ title }) => title))}.`
}
