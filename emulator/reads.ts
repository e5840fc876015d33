import { type Answer, json } from './answer.ts'
import { insufficientScopes } from './auth-errors.ts'
import { driveFile, requireAllDrives } from './drive-file.ts'
import { BATCH, parseFields, pick, SPREADSHEET, VALUES } from './fields.ts'
import { type Api, badRequest, forbidden, GoogleError, notASheet, notFound } from './google-error.ts'
import type { LiveWorkbook } from './live-workbook.ts'
import type { Route } from './route.ts'
import { describe } from './spreadsheet.ts'
import { batchAnswer, layout, planRead, valuesAnswer } from './values.ts'

/** Which of Google's two APIs a route belongs to. */
export function apiOf({ path }: Route): Api {
  return path.startsWith('/drive/') ? 'drive' : 'sheets'
}

/** Throws what Google answers to a caller who may not read this workbook with this API, or cannot. */
function checkAccess(
  api: Api,
  workbook: LiveWorkbook | undefined,
  id: string,
  email: string | undefined,
): asserts workbook is LiveWorkbook {
  if (!workbook || workbook.access === 'missing') throw notFound(api, id)
  const access = workbook.isReadableBy(email) ? workbook.access : 'forbidden'
  if (api === 'drive') {
    // Drive does not tell a stranger that the file exists.
    if (access === 'forbidden') throw notFound(api, id)
    if (access === 'drive-forbidden') throw insufficientScopes(api, 'files.get')
    return
  }
  if (access === 'forbidden') throw forbidden()
  if (access === 'xlsx') throw notASheet()
}

const pretty = (query: URLSearchParams) => query.get('prettyPrint') !== 'false'

/** Who reads, and how much. */
export interface Reader {
  /** The account that reads; absent: nobody that a token tells. */
  readonly email: string | undefined
  /** Limits every range to so many rows; absent: no limit. */
  readonly rows: number | undefined
}

/** Answers one read. Throws a GoogleError. */
export function read(to: Route, workbook: LiveWorkbook | undefined, { email, rows = Infinity }: Reader): Answer {
  const { kind, query, spreadsheetId } = to
  if (kind === 'other') throw new GoogleError(501, `The emulator answers reads only, not ${to.path}.`)
  checkAccess(apiOf(to), workbook, spreadsheetId, email)
  const fields = query.get('fields') ?? query.get('$fields')
  if (kind === 'files.get') requireAllDrives(workbook, query)
  if (kind === 'files.get') return json(200, driveFile(workbook, fields), pretty(query))
  if (kind === 'spreadsheets.get') {
    const mask = parseFields(fields, SPREADSHEET)
    return json(200, pick(describe(workbook, query.getAll('ranges')), mask), pretty(query))
  }
  const batch = kind === 'values.batchGet'
  if (batch && !query.has('ranges')) throw badRequest('Must specify at least one range.')
  const mask = parseFields(fields, batch ? BATCH : VALUES)
  const plan = planRead(workbook, batch ? query.getAll('ranges') : [to.range], query)
  for (const place of plan.places) place.endRowIndex = Math.min(place.endRowIndex, place.startRowIndex + rows)
  const shape = layout(pretty(query))
  const body = batch ? batchAnswer(workbook.id, plan, mask, shape) : valuesAnswer(plan, mask, shape)
  return { status: 200, body: ended(body), cells: plan.cells }
}

function* ended(body: Iterable<string>): Generator<string> {
  yield* body
  yield '\n'
}
