import { AppError } from '../errors.ts'

/** What an API key may do: read syncs, start and end them, or all of it for everybody's. */
export const SCOPES = ['read', 'write', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** On whose behalf something is done with syncs. */
export interface Caller {
  /** Name of the API key; `null` where no keys are set. What is made gets it as `createdBy`. */
  readonly name: string | null
  /** Whether the syncs and snapshots of others are shown too: to `admin` keys, and to anyone where no keys are set. */
  readonly seesAll: boolean
  /** Ids of the spreadsheets that it may have downloaded, and see anything of; absent: all. */
  readonly spreadsheets?: ReadonlySet<string> | undefined
}

/** Whoever calls a service without API keys. */
export const ANYONE: Caller = Object.freeze({ name: null, seesAll: true })

/** Whether the caller may know of anything that is of this spreadsheet. */
export function mayRead({ spreadsheets }: Caller, spreadsheetId: string): boolean {
  return spreadsheets === undefined || spreadsheets.has(spreadsheetId)
}

/** Whether the caller may know of something that was made of this spreadsheet under this `createdBy`: a sync, a snapshot. */
export function maySee(
  caller: Caller,
  { createdBy, spreadsheet }: { readonly createdBy: string | null; readonly spreadsheet: { readonly id: string } },
): boolean {
  return (caller.seesAll || createdBy === caller.name) && mayRead(caller, spreadsheet.id)
}

/** Throws SPREADSHEET_NOT_ALLOWED if the caller may not have this spreadsheet downloaded. */
export function requireReadable(caller: Caller, spreadsheetId: string): void {
  if (mayRead(caller, spreadsheetId)) return
  throw new AppError(
    'SPREADSHEET_NOT_ALLOWED',
    `The API key ${caller.name} may read some spreadsheets; this is none of them.`,
  )
}
