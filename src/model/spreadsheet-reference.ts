import type { TextFault } from './text-fault.ts'

/** A spreadsheet id: 1 to 128 of `A-Za-z0-9_-`, so it can name a folder as it stands. */
export const SPREADSHEET_ID_PATTERN = /^[A-Za-z0-9_-]{1,128}$/

/** What a caller's `spreadsheet` names: the id, and the tab its URL points at. */
interface SpreadsheetReference {
  readonly id: string
  /** `gid` of the URL, if it has one. */
  readonly gid?: number
}

const USUAL_HINT = 'Use the id or the address-bar URL, such as https://docs.google.com/spreadsheets/d/<id>/edit#gid=0.'

/** Reads an id, or any Google Sheets URL, into its parts; never throws. */
export function parseSpreadsheetReference(text: string): SpreadsheetReference | TextFault {
  const trimmed = text.trim()
  if (SPREADSHEET_ID_PATTERN.test(trimmed)) return { id: trimmed }
  const url = URL.parse(/^(?:docs|drive|sheets)\.google\.com\//i.test(trimmed) ? `https://${trimmed}` : trimmed)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return { message: 'is neither a spreadsheet id nor a Google Sheets URL', hint: USUAL_HINT }
  }
  if (!/^(?:docs|drive|sheets)\.google\.com$/.test(url.hostname)) {
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
  const gid = gidInUrl(url)
  return gid === undefined ? { id } : { id, gid }
}

function idInUrl(url: URL): string | undefined {
  const inPath = /^(?:\/a\/[^/]+)?\/(?:spreadsheets|file)\/(?:u\/\d+\/)?d\/([A-Za-z0-9_-]{1,128})(?:\/|$)/.exec(
    url.pathname,
  )
  if (inPath?.[1] !== undefined) return inPath[1]
  // Older links: https://drive.google.com/open?id=… and https://docs.google.com/spreadsheets/ccc?key=…
  const inQuery = url.searchParams.get('id') ?? url.searchParams.get('key')
  if (inQuery === null || !SPREADSHEET_ID_PATTERN.test(inQuery)) return undefined
  return /^\/(?:open|uc|spreadsheets?\/ccc)$/.test(url.pathname) ? inQuery : undefined
}

function gidInUrl(url: URL): number | undefined {
  const text = new URLSearchParams(url.hash.slice(1)).get('gid') ?? url.searchParams.get('gid')
  return text !== null && /^\d{1,10}$/.test(text) ? Number(text) : undefined
}
