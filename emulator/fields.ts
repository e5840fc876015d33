import { GoogleError } from './google-error.ts'

/** What a `fields` mask keeps: `true` is everything below, a map only its keys. */
export type Mask = true | Map<string, Mask>

/** The names an answer may hold; `true` is a name whose inside is not checked. */
export type Shape = { readonly [name: string]: true | Shape }

/** Names whose inside is not checked, from one text. */
const names = (text: string): Shape => Object.fromEntries(text.split(' ').map((name) => [name, true]))

const GRID_RANGE = names('sheetId startRowIndex endRowIndex startColumnIndex endColumnIndex')
const GRID = names(
  'rowCount columnCount frozenRowCount frozenColumnCount hideGridlines rowGroupControlAfter columnGroupControlAfter',
)
const SHEET: Shape = {
  ...names('sheetId title index sheetType hidden tabColor tabColorStyle rightToLeft dataSourceSheetProperties'),
  gridProperties: GRID,
}
const VALUE_RANGE = names('range majorDimension values')

/** The names of Google's `Spreadsheet` resource, as far down as clients mask them. */
export const SPREADSHEET: Shape = {
  ...names('spreadsheetId spreadsheetUrl developerMetadata dataSources dataSourceSchedules'),
  properties: names(
    'title locale autoRecalc timeZone defaultFormat iterativeCalculationSettings spreadsheetTheme ' +
      'importFunctionsExternalUrlAccessAllowed',
  ),
  sheets: {
    ...names('data conditionalFormats filterViews protectedRanges basicFilter charts bandedRanges developerMetadata'),
    ...names('rowGroups columnGroups slicers tables'),
    properties: SHEET,
    merges: GRID_RANGE,
  },
  namedRanges: { ...names('namedRangeId name'), range: GRID_RANGE },
}
export const ABOUT: Shape = {
  ...names('kind storageQuota driveThemes canCreateDrives importFormats exportFormats appInstalled folderColorPalette'),
  ...names('maxImportSizes maxUploadSize teamDriveThemes canCreateTeamDrives'),
  user: names('kind displayName photoLink me permissionId emailAddress'),
}
export const CHANGES: Shape = {
  ...names('kind nextPageToken newStartPageToken'),
  changes: {
    ...names('kind changeType time removed fileId driveId drive type teamDriveId teamDrive'),
    file: names(
      'kind id name mimeType trashed version webViewLink createdTime modifiedTime driveId ownedByMe sharedWithMeTime',
    ),
  },
}
export const VALUES: Shape = VALUE_RANGE
export const BATCH: Shape = { spreadsheetId: true, valueRanges: VALUE_RANGE }

/**
 * Reads a partial-response mask: `a,b`, `a/b` or `a.b`, `a(b,c/d)`, `*`. A name that the answer cannot have is Google's
 * 400, as are unbalanced parentheses.
 */
export function parseFields(text: string | null, shape: Shape): Mask {
  if (text === null || text === '') return true
  const tokens = text.match(/[A-Za-z_][\w-]*|\*|[(),./]|[^\s]/g) ?? []
  let at = 0
  const invalid = (path: string) => {
    const description = `Error expanding 'fields' parameter. Cannot find matching fields for path '${path}'.`
    const violation = { field: path, description }
    return new GoogleError(400, 'Request contains an invalid argument.', {
      details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [violation] }],
    })
  }
  const list = (inside: true | Shape, path: string, into: Map<string, Mask>): Mask => {
    let all = false
    do {
      if (one(inside, path, into) === true) all = true
    } while (tokens[at++] === ',')
    at -= 1
    return all ? true : into
  }
  /** One entry of a list, added to `into`; `true` where it is `*`. */
  const one = (inside: true | Shape, path: string, into: Map<string, Mask>): Mask => {
    const name = tokens[at++] ?? ''
    if (name === '*') return true
    const full = path === '' ? name : `${path}.${name}`
    if (!/^\w/.test(name)) throw invalid(full)
    const below = inside === true ? true : Object.hasOwn(inside, name) ? inside[name] : undefined
    if (below === undefined) throw invalid(full)
    const known = into.get(name)
    const mask = known instanceof Map ? known : new Map<string, Mask>()
    let kept: Mask = true
    if (tokens[at] === '(') {
      at += 1
      kept = list(below, full, mask)
      if (tokens[at++] !== ')') throw invalid(full)
    } else if (tokens[at] === '/' || tokens[at] === '.') {
      at += 1
      kept = one(below, full, mask) === true ? true : mask
    }
    into.set(name, known === true ? true : kept)
    return into
  }
  const mask = list(shape, '', new Map())
  if (at < tokens.length) throw invalid(text)
  return mask
}

/** Whether a mask keeps anything at a path. */
export function keeps(mask: Mask | undefined, ...path: string[]): boolean {
  const [name, ...rest] = path
  if (mask === undefined) return false
  return mask === true || name === undefined ? true : keeps(mask.get(name), ...rest)
}

/** The part of an answer that a mask keeps, in the answer's own order; lists are seen through. */
export function pick(value: unknown, mask: Mask): unknown {
  if (mask === true || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => pick(item, mask))
  const kept = Object.entries(value).flatMap(([name, inside]): [string, unknown][] => {
    const below = mask.get(name)
    return below === undefined ? [] : [[name, pick(inside, below)]]
  })
  return Object.fromEntries(kept)
}
