import { AppError } from '../errors.ts'
import { DEFAULT_CREDENTIAL, type SyncRequest } from '../model/sync-request.ts'

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
  /** Names of the credentials that its syncs may read with; absent: `default` alone. */
  readonly credentials?: ReadonlySet<string> | 'all' | undefined
  /** Whether its syncs may read with a user's own token; default: no. */
  readonly mayUseTokens?: boolean
  /** Whether credentials may act for people in its syncs; default: no. */
  readonly mayActAs?: boolean
  /**
   * Whose own token the request bears, as HMACs by each of the keys in use, that of the first one first; absent: nobody's.
   * Then it sees what was made with that person's tokens, and nothing else; without it nothing of that.
   */
  readonly identities?: readonly string[] | undefined
  /** Seals that token for the sync of this id; there where `identities` are. */
  readonly sealToken?: ((syncId: string) => string) | undefined
}

/** Whoever calls a service without API keys. */
export const ANYONE: Caller = Object.freeze({
  name: null,
  seesAll: true,
  credentials: 'all',
  mayUseTokens: true,
  mayActAs: true,
})

/** Whether the caller may know of anything that is of this spreadsheet. */
export function mayRead({ spreadsheets }: Caller, spreadsheetId: string): boolean {
  return spreadsheets === undefined || spreadsheets.has(spreadsheetId)
}

/** Whether syncs of the caller may read with the credential of this name. */
export function mayUseCredential({ credentials }: Caller, name: string): boolean {
  if (credentials === undefined) return name === DEFAULT_CREDENTIAL
  return credentials === 'all' || credentials.has(name)
}

/** Something that was made for a caller: a sync, a snapshot. */
interface Owned {
  readonly createdBy: string | null
  readonly identity: string | null
  readonly spreadsheet: { readonly id: string }
}

/** Whether the caller may know of it. Not even an administrator sees what a user's own token has read without such a token. */
export function maySee(caller: Caller, { createdBy, identity, spreadsheet }: Owned): boolean {
  const { identities = [], name, seesAll } = caller
  const isReader = identity === null ? identities.length === 0 : identities.includes(identity)
  return isReader && (seesAll || createdBy === name) && mayRead(caller, spreadsheet.id)
}

/** Throws SPREADSHEET_NOT_ALLOWED if the caller may not have this spreadsheet downloaded. */
export function requireReadable(caller: Caller, spreadsheetId: string): void {
  if (mayRead(caller, spreadsheetId)) return
  throw new AppError(
    'SPREADSHEET_NOT_ALLOWED',
    `The API key ${caller.name} may read some spreadsheets; this is none of them.`,
  )
}

/**
 * Throws CREDENTIAL_NOT_ALLOWED or ACT_AS_NOT_ALLOWED if the caller's syncs may not read so. It does not know which
 * credentials there are, so what it says of one that is not allowed is the same whether it exists or not.
 * `domains`: those whose people may be acted for, in lower case; no others, and none that lie below them.
 */
export function requireReader(
  caller: Caller,
  { credential, actAs }: Pick<SyncRequest, 'credential' | 'actAs'>,
  domains: readonly string[],
): void {
  const { name, mayActAs = false, identities = [] } = caller
  // With a user's own token no credential reads; `default` stands there for want of a name.
  const isUsed = identities.length === 0 || credential !== DEFAULT_CREDENTIAL
  if (isUsed && !mayUseCredential(caller, credential)) {
    const detail = `The API key ${name} may use some credentials; this is none of them.`
    throw new AppError('CREDENTIAL_NOT_ALLOWED', detail)
  }
  if (actAs === null) return
  if (!mayActAs) {
    throw new AppError('ACT_AS_NOT_ALLOWED', `The API key ${name} may not have credentials act for people.`, {
      hint: 'The operator may give the key the right "actAs" in the file API_KEYS_FILE.',
    })
  }
  if (!domains.includes(actAs.slice(actAs.lastIndexOf('@') + 1).toLowerCase())) {
    throw new AppError('ACT_AS_NOT_ALLOWED', 'Nobody of this domain may be acted for.', {
      hint: 'The operator may name the domain in GOOGLE_ACT_AS_DOMAINS; subdomains have to be named too.',
    })
  }
}
