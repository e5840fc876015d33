import { GoogleError, notFound } from './google-error.ts'
import type { LiveWorkbook } from './live-workbook.ts'

const SHEET = 'application/vnd.google-apps.spreadsheet'
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
/** What Drive sends when nobody names fields. */
const DEFAULT_FIELDS = ['kind', 'id', 'name', 'mimeType']

/** Fields that some files do not have. */
const SOMETIMES = ['driveId', 'ownedByMe', 'sharedWithMeTime']

/** The answer of Drive's `files.get`, in Drive's order. Throws Drive's 400 for a field it does not know. */
export function driveFile(workbook: LiveWorkbook, fields: string | null): object {
  const file: Record<string, unknown> = {
    kind: 'drive#file',
    id: workbook.id,
    name: workbook.title,
    mimeType: workbook.access === 'xlsx' ? XLSX : SHEET,
    trashed: false,
    version: workbook.version,
    webViewLink: `https://docs.google.com/spreadsheets/d/${workbook.id}/edit?usp=drivesdk`,
    createdTime: workbook.createdTime,
    modifiedTime: workbook.modifiedTime,
    ...(workbook.isOpenByLink || workbook.driveId !== undefined ? {} : { sharedWithMeTime: workbook.createdTime }),
    ...(workbook.driveId !== undefined ? { driveId: workbook.driveId } : { ownedByMe: false }),
  }
  const asked = fields === null || fields === '' ? DEFAULT_FIELDS : fields.split(',').map((field) => field.trim())
  if (asked.includes('*')) return file
  const unknown = asked.find((field) => !Object.hasOwn(file, field) && !SOMETIMES.includes(field))
  if (unknown !== undefined) {
    throw new GoogleError(400, `Invalid field selection ${unknown}`, {
      reason: 'invalidParameter',
      location: { locationType: 'parameter', location: 'fields' },
    })
  }
  return Object.fromEntries(Object.entries(file).filter(([name]) => asked.includes(name)))
}

/** Throws Drive's 404 for a file of a shared drive that is asked for as if there were none. */
export function requireAllDrives(workbook: LiveWorkbook, query: URLSearchParams): void {
  if (workbook.driveId !== undefined && query.get('supportsAllDrives') !== 'true') throw notFound('drive', workbook.id)
}
