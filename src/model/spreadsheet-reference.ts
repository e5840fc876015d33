import type { TextFault } from './text-fault.ts'

/** A spreadsheet id: 1 to 128 of `A-Za-z0-9_-`, so it can name a folder as it stands. */
export const SPREADSHEET_ID_PATTERN = /^[A-Za-z0-9_-]{1,128}$/

/** The highest gid there can be. */
export const HIGHEST_GID = 4_294_967_295

/** What a caller's `spreadsheet` names: the id, and the part of it that its URL points at, if it does. */
export interface SpreadsheetReference {
  readonly id: string
  /** `gid` of the URL. */
  readonly gid?: number | undefined
  /** The title of a tab: `sheet` of the URL, never together with a gid. */
  readonly title?: string | undefined
  /** A1 text or the name of a range, in that tab if there is one. */
  readonly range?: string | undefined
  /** Why the part cannot be downloaded, or not be told. The URL must then not be taken for the whole spreadsheet. */
  readonly fault?: TextFault | undefined
}

const ADDRESS_BAR = 'the address-bar URL, such as https://docs.google.com/spreadsheets/d/<id>/edit#gid=0'
const USUAL_HINT = `Use the id or ${ADDRESS_BAR}.`
const PART_HINT = 'Send the id alone, and the part to download as "tabs" or "ranges".'

/** Parameters of a URL that show a part of a tab in a way that no download can. */
const VIEWS: Readonly<Record<string, string>> = {
  tq: 'a query (tq)',
  fvid: 'a filter view (fvid)',
  rangeid: 'a range by its id (rangeid)',
  r1: 'rows by number (r1)',
  r2: 'rows by number (r2)',
  c1: 'columns by number (c1)',
  c2: 'columns by number (c2)',
}

/** Reads an id, or any Google Sheets URL, into its parts; never throws. */
export function parseSpreadsheetReference(text: string): SpreadsheetReference | TextFault {
  const trimmed = text.trim()
  if (SPREADSHEET_ID_PATTERN.test(trimmed)) return { id: trimmed }
  const url = URL.parse(
    /^(?:docs|drive|sheets|spreadsheets)\.google\.com\//i.test(trimmed) ? `https://${trimmed}` : trimmed,
  )
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return { message: 'is neither a spreadsheet id nor a Google Sheets URL', hint: USUAL_HINT }
  }
  if (!/^(?:docs|drive|sheets|spreadsheets)\.google\.com$/.test(url.hostname)) {
    return { message: `is a URL of ${url.hostname.slice(0, 80)}, not of Google Sheets`, hint: USUAL_HINT }
  }
  if (/\/d\/e\//.test(url.pathname)) {
    return {
      message: 'is a "published to the web" URL, which does not hold the spreadsheet id',
      hint: 'Open the spreadsheet itself and copy the URL from the address bar.',
    }
  }
  const id = idInUrl(url)
  if (id === undefined) return { message: 'is a Google URL, but not of a spreadsheet', hint: USUAL_HINT }
  return { id, ...partInUrl(url) }
}

/** Why a text names no spreadsheet; `undefined` where it does. */
export function faultOfSpreadsheet(text: string): TextFault | undefined {
  const reference = parseSpreadsheetReference(text)
  return 'message' in reference ? reference : undefined
}

function idInUrl({ pathname, searchParams }: URL): string | undefined {
  const path = pathname.replace(/^\/a\/[^/]+(?=\/)/, '').replace(/^\/u\/\d+(?=\/)/, '')
  const inPath = /^\/(?:spreadsheets|file)\/(?:u\/\d+\/)?d\/([A-Za-z0-9_-]{1,128})(?:\/|$)/.exec(path)
  if (inPath?.[1] !== undefined) return inPath[1]
  // Older links: https://drive.google.com/open?id=…, https://docs.google.com/spreadsheet/ccc?key=…, …/spreadsheet/pub?key=…
  const inQuery = searchParams.get('id') ?? searchParams.get('key')
  if (inQuery === null || !SPREADSHEET_ID_PATTERN.test(inQuery)) return undefined
  return /^\/(?:open|uc|(?:spreadsheets?\/)?(?:ccc|pub|lv|tq))$/.test(path) ? inQuery : undefined
}

/** What a URL points at within the spreadsheet. Google goes by the fragment, which the query only repeats. */
function partInUrl({ href, pathname, searchParams: query, hash }: URL): Omit<SpreadsheetReference, 'id'> {
  const fragment = new URLSearchParams(hash.slice(1))
  const parameter = (name: string) => fragment.get(name) ?? query.get(name) ?? undefined
  const fault = (message: string, hint = PART_HINT) => ({ fault: { message, hint } })
  const [gid, title, range] = [parameter('gid'), parameter('sheet'), parameter('range')]
  const view = Object.keys(VIEWS).find((name) => (parameter(name) ?? '') !== '')
  if (view !== undefined) return fault(`shows ${VIEWS[view]}, which cannot be downloaded`)
  if (gid !== undefined && title !== undefined) return fault('names a tab twice, by gid and by sheet')
  // What stands behind a URL in a sentence comes along when it is copied.
  const digits = /^(\d{1,10})[)\]}>,.;:!?'"]*$/.exec(gid ?? '')?.[1]
  if (gid !== undefined && (digits === undefined || Number(digits) > HIGHEST_GID)) {
    return fault(`names a tab by the gid ${JSON.stringify(gid.slice(0, 40))}, which is no gid`)
  }
  // Escaped, or stuck to something else, it is no parameter any more, but whoever sent it means that tab.
  if (gid === undefined && /(?<![a-z])gid(?:=|%3d)/i.test(href)) {
    return fault('has a gid in a place where it selects no tab', `Use ${ADDRESS_BAR}.`)
  }
  if (title === '' || range === '') return fault(`has an empty ${title === '' ? 'sheet' : 'range'}`)
  // Google answers these with the first tab.
  const isOneTab =
    /\/(?:gviz\/)?tq$/.test(pathname) || /^(?:csv|tsv)$/.test(query.get('format') ?? query.get('output') ?? '')
  if (isOneTab && gid === undefined && title === undefined && range === undefined) {
    return fault('stands for the first tab, and does not say which that is', `Add gid=, or use ${ADDRESS_BAR}.`)
  }
  return { gid: digits === undefined ? undefined : Number(digits), title, range }
}
