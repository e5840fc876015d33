import { z } from 'zod'
import { ERROR_TABLE } from '../errors.ts'
import { SYNC_STATES, type SyncState } from '../model/sync.ts'
import type { SyncFilter } from '../model/sync-filter.ts'
import { clip, scheduleIdParam, spreadsheetParam } from './validation.ts'

/** As many as a sync has, at the most. */
const MOST_LABELS = 16

/** A label as `POST /syncs` takes it. */
const LABEL = /^(?<name>[A-Za-z0-9._-]{1,63})=(?<value>[\s\S]{0,255})$/

/** Some values with commas between. */
function listOf<T extends string>(isKnown: (text: string) => boolean, message: (unknown: string) => string) {
  return z.string().transform((text, context) => {
    const values = text.split(',')
    const unknown = values.find((value) => !isKnown(value))
    if (unknown === undefined) return values as T[]
    context.addIssue({ code: 'custom', message: message(clip(unknown)) })
    return z.NEVER
  })
}

const states = listOf<SyncState>(
  (text) => (SYNC_STATES as readonly string[]).includes(text),
  () => `must be one or more of ${SYNC_STATES.join(', ')}, separated by commas`,
)

const codes = listOf(
  (text) => Object.hasOwn(ERROR_TABLE, text),
  (unknown) =>
    `must be one or more error codes, such as SHEET_FORBIDDEN, separated by commas; ${JSON.stringify(unknown)} is none`,
)

const labels = z.union([z.string(), z.array(z.string())]).transform((given, context) => {
  const texts = [given].flat()
  if (texts.length > MOST_LABELS) context.addIssue({ code: 'custom', message: `are more than ${MOST_LABELS}` })
  return texts.flatMap((text, n): [string, string][] => {
    const { name, value } = LABEL.exec(text)?.groups ?? {}
    if (name !== undefined && value !== undefined) return [[name, value]]
    const path = texts.length === 1 ? [] : [n]
    const message = 'must be name=value: 1 to 63 of A-Z a-z 0-9 . _ -, and 255 characters at the most'
    context.addIssue({ code: 'custom', path, message })
    return []
  })
})

/** What every list of syncs can be asked for. */
export const syncFilterParams = {
  state: states.optional().describe(`Only syncs in these states, separated by commas: ${SYNC_STATES.join(', ')}`),
  spreadsheet: spreadsheetParam.describe('Only syncs of this spreadsheet: its id, or its URL'),
  schedule: scheduleIdParam.optional().describe('Only runs of this schedule: its id'),
  label: labels
    .optional()
    .describe('Only syncs with this label, as name=value; repeat it for those that have them all'),
  code: codes
    .optional()
    .describe('Only syncs that failed with one of these error codes, separated by commas, such as SHEET_FORBIDDEN'),
  q: z
    .string()
    .min(1, 'must not be empty')
    .max(200, 'is longer than 200 characters')
    .optional()
    .describe(
      'Only syncs with this text in the title or id of their spreadsheet, in their own id or in the value of a label, in whatever case',
    ),
}

const syncFilterQuery = z.object(syncFilterParams)

export function toSyncFilter(query: z.output<typeof syncFilterQuery>): Omit<SyncFilter, 'createdBy'> {
  const { state, spreadsheet, schedule, label, code, q } = query
  return { states: state, spreadsheetId: spreadsheet, scheduleId: schedule, labels: label, codes: code, text: q }
}
