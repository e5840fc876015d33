/**
 * Who may do what, written down a second time and from the requirements alone: nothing here is the service's own.
 */

/** Spreadsheets: the key `listed` is for the first one only. */
export const BOOKS = [
  '1MatrixOne-0123456789_abcdefghijklmnopqrstuvw',
  '1MatrixTwo-0123456789_abcdefghijklmnopqrstuvw',
] as const
export const [ONE, TWO] = BOOKS

/** The API keys, by what their entries say. */
export const KEYS = {
  reader: { scopes: ['read'] },
  writer: { scopes: ['write'] },
  plain: {},
  listed: { spreadsheets: [ONE], tokens: true },
  agency: { credentials: ['agency', 'absent'] },
  star: { credentials: '*', actAs: true, tokens: true },
  tenant: { credentials: [], tokens: true },
  acting: { actAs: true },
  boss: { scopes: ['admin'] },
  root: { scopes: ['admin'], credentials: '*', actAs: true, tokens: true },
} as const satisfies Record<string, Right>
export type KeyName = keyof typeof KEYS
/** `none` sends no key, `unknown` one that is in no file. */
export type Bearer = KeyName | 'none' | 'unknown'

interface Right {
  readonly scopes?: readonly Scope[]
  readonly spreadsheets?: readonly string[]
  readonly credentials?: readonly string[] | '*'
  readonly tokens?: boolean
  readonly actAs?: boolean
}
export type Scope = 'read' | 'write' | 'admin'

/** Whose each token is: `null` nobody's that the service could know. Ann has two; one that may not ask Drive is its own. */
export const TOKENS = {
  none: null,
  ann: 'ann',
  annsOther: 'ann',
  ben: 'ben',
  sheetsAlone: 'sheetsAlone',
  expired: null,
  malformed: null,
} as const
export type TokenName = keyof typeof TOKENS

/** Credentials that there are; whatever else is asked for is absent. */
const EXISTING: readonly string[] = ['default', 'agency', 'branch']
export const CREDENTIALS = [undefined, 'default', 'agency', 'branch', 'absent', 'ghost'] as const
/** The domain of the first one is allowed. */
export const PEOPLE = [undefined, 'ann@example.com', 'ann@other.example'] as const

export interface Cell {
  readonly bearer: Bearer
  readonly token: TokenName
}

/** Something that was made: by which key, with whose token. */
export interface Made {
  readonly owner: KeyName
  readonly person: string | null
  readonly book: string
}

export interface Wanted {
  readonly book: string
  readonly credential?: string | undefined
  readonly actAs?: string | undefined
}

const tokens = Object.keys(TOKENS) as TokenName[]
const bearers = ['none', 'unknown', ...Object.keys(KEYS)] as Bearer[]
/** Tokens that come to the same as others are tried with some keys: one of each kind. */
const RARE: readonly TokenName[] = ['annsOther', 'sheetsAlone', 'expired', 'malformed']
const TRIES_ALL: readonly Bearer[] = ['none', 'plain', 'star', 'root']
export const CELLS: readonly Cell[] = bearers.flatMap((bearer) =>
  tokens.filter((token) => TRIES_ALL.includes(bearer) || !RARE.includes(token)).map((token) => ({ bearer, token })),
)

export function rightOf(key: KeyName): Right & { readonly scopes: readonly Scope[] } {
  return { scopes: ['read', 'write'], ...KEYS[key] }
}

/** What a request is refused with whatever it is about; `undefined` where it is looked at. `url`: the route's. */
export function gate({ bearer, token }: Cell, scope: Scope | 'any' | 'open', url: string): string | undefined {
  if (scope === 'open') return undefined
  if (bearer === 'none') return '401 API_KEY_MISSING'
  if (bearer === 'unknown') return '401 API_KEY_INVALID'
  const { scopes, tokens: mayUseTokens = false } = rightOf(bearer)
  if (scope !== 'any' && !scopes.includes(scope) && !scopes.includes('admin')) return '403 API_KEY_SCOPE'
  if (token === 'none') return undefined
  if (url.startsWith('/schedules')) return '400 VALIDATION_FAILED'
  if (!url.startsWith('/syncs') && !url.startsWith('/spreadsheets')) return undefined
  if (!mayUseTokens) return '403 TOKENS_NOT_ALLOWED'
  if (token === 'malformed') return '400 VALIDATION_FAILED'
  if (token === 'expired') return '401 GOOGLE_TOKEN_EXPIRED'
  return undefined
}

function isBookOf(key: KeyName, book: string): boolean {
  return rightOf(key).spreadsheets?.includes(book) ?? true
}

/** Whether the cell may know of something. A key that is not known sees nothing. */
export function sees({ bearer, token }: Cell, { owner, person, book }: Made): boolean {
  if (bearer === 'none' || bearer === 'unknown') return false
  return (
    TOKENS[token] === person && (rightOf(bearer).scopes.includes('admin') || bearer === owner) && isBookOf(bearer, book)
  )
}

/** What comes of starting a download, by a cell that has passed the gate. */
export function startOf(
  { bearer, token }: Cell & { readonly bearer: KeyName },
  { book, credential, actAs }: Wanted,
): string {
  const { credentials = ['default'], actAs: mayActAs = false } = rightOf(bearer)
  const isOwn = TOKENS[token] !== null
  if (isOwn && (credential ?? actAs) !== undefined) return '400 VALIDATION_FAILED'
  if (!isBookOf(bearer, book)) return '403 SPREADSHEET_NOT_ALLOWED'
  const name = credential ?? 'default'
  if (!isOwn && credentials !== '*' && !credentials.includes(name)) return '403 CREDENTIAL_NOT_ALLOWED'
  if (actAs !== undefined && !(mayActAs && actAs.endsWith('@example.com'))) return '403 ACT_AS_NOT_ALLOWED'
  if (!isOwn && !EXISTING.includes(name)) return '422 CREDENTIAL_UNKNOWN'
  return 'done'
}
