import type { SpreadsheetReference } from './spreadsheet-reference.ts'
import type { TextFault } from './text-fault.ts'

/** What of a spreadsheet is to be downloaded; nothing named: all of it. */
interface Part {
  readonly tabs?: (string | number)[] | undefined
  readonly ranges?: string[] | undefined
}

/** What is to be downloaded: what the body says, else what the URL in it selects. */
export function partOfSpreadsheet({ tabs, ranges }: Part, reference: SpreadsheetReference | TextFault): Part {
  return tabs === undefined && ranges === undefined && 'id' in reference ? partOf(reference) : { tabs, ranges }
}

/** What a URL selects: a tab, a range of a tab, or a range by itself; nothing where it points at the whole spreadsheet. */
function partOf({ gid, title, range }: Pick<SpreadsheetReference, 'gid' | 'title' | 'range'>): Part {
  const tab = title ?? gid
  if (range === undefined) return tab === undefined ? {} : { tabs: [tab] }
  if (tab === undefined || range.includes('!')) return { ranges: [range] }
  const prefix = typeof tab === 'number' ? `gid:${tab}` : `'${tab.replaceAll("'", "''")}'`
  return { ranges: [`${prefix}!${range}`] }
}
