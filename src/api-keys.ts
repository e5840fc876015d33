import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { AppError } from './errors.ts'
import { SPREADSHEET_ID_PATTERN } from './model/spreadsheet-reference.ts'
import { ANYONE, type Caller, SCOPES, type Scope } from './syncs/caller.ts'

/** So that a key is known for one where it should not be: in a commit, a log, a chat. */
const KEY_PREFIX = 'ssk_'
const KEY_BYTES = 32

/** Ids that one entry may list: what is longer nobody reads, and the environment has its end too. */
const SPREADSHEETS_AT_MOST = 100

/** What a key may be called. */
export const KEY_NAME = /^[a-z0-9-]{1,32}$/

const ENTRY = /^([a-z0-9-]{1,32}):([a-z+]+):([0-9a-f]{64}(?:\+[0-9a-f]{64})*)(?::([\w+-]*))?$/

/**
 * One entry of API_KEYS, `name:scope[+scope]:sha256[+sha256][:spreadsheet[+spreadsheet]]`, or of the file API_KEYS_FILE,
 * which may grant more. Several digests are several keys that pass for one, so that a key can be replaced while both work;
 * what the name made stays its own. The keys themselves are never known here.
 */
export interface ApiKey extends Caller {
  /** `[a-z0-9-]{1,32}`, unique. */
  readonly name: string
  /** Each stands for itself; `admin` includes the others. */
  readonly scopes: readonly Scope[]
  /** SHA-256 of each key, 32 bytes. */
  readonly digests: readonly Buffer[]
}

/** The API keys as they are at any time: those of a file change while the service runs. */
export class KeyRing {
  /** Whether callers need a key. Stays as it is, so that a service that has lost its last key is closed and not open. */
  readonly keyed: boolean
  #current: readonly ApiKey[]
  readonly #listeners: (() => void)[] = []

  constructor(keys: readonly ApiKey[] = [], keyed: boolean = keys.length > 0) {
    this.#current = keys
    this.keyed = keyed
  }

  get current(): readonly ApiKey[] {
    return this.#current
  }

  /** Has these keys take the place of all others. An entry that is equal to one from before is the same object as that. */
  replace(keys: readonly ApiKey[]): void {
    const before = new Map(this.#current.map((key) => [key.name, key]))
    this.#current = keys.map((key) => {
      const known = before.get(key.name)
      return known !== undefined && isDeepStrictEqual(known, key) ? known : key
    })
    for (const listener of this.#listeners) listener()
  }

  /** Calls `listener` after each change of the keys. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }
}

/** Reads the API_KEYS setting; answers with one line for each fault, in which nothing of the value is repeated. */
export function parseApiKeys(setting: string): {
  readonly keys: readonly ApiKey[]
  readonly faults: readonly string[]
} {
  const keys: ApiKey[] = []
  const faults: string[] = []
  const known = new Set<string>()
  for (const [index, entry] of setting.split(',').entries()) {
    const place = `key ${index + 1}`
    const [, name = '', scopeList = '', digestList = '', idList] = ENTRY.exec(entry.trim()) ?? []
    const scopes = scopeList.split('+') as Scope[]
    const digests = digestList.split('+')
    const ids = idList?.split('+')
    if (name === '') {
      faults.push(
        `${place} must be name:scope[+scope]:sha256, with a name of 1 to 32 of a-z 0-9 - and 64 hex digits; :id[+id] may follow`,
      )
    } else if (!scopes.every((scope) => SCOPES.includes(scope)) || new Set(scopes).size < scopes.length) {
      faults.push(`${place} must have scopes of ${SCOPES.join(', ')}, joined by +, each once`)
    } else if (keys.some((other) => other.name === name)) {
      faults.push(`${place} has the name of another`)
    } else if (digests.some((digest) => known.has(digest)) || new Set(digests).size < digests.length) {
      faults.push(`${place} is the same key as another`)
    } else if (ids && !(ids.length <= SPREADSHEETS_AT_MOST && ids.every((id) => SPREADSHEET_ID_PATTERN.test(id)))) {
      faults.push(
        `${place} must end with 1 to ${SPREADSHEETS_AT_MOST} ids of spreadsheets, joined by +, or without the last :`,
      )
    } else {
      for (const digest of digests) known.add(digest)
      keys.push({
        name,
        scopes,
        digests: digests.map((digest) => Buffer.from(digest, 'hex')),
        seesAll: scopes.includes('admin'),
        spreadsheets: ids && new Set(ids),
      })
    }
  }
  return { keys, faults }
}

/**
 * The key that was presented, or `undefined`. Digests are compared, each in constant time and all of them, so that how
 * long it takes reveals nothing of how near a guess was, nor of which key it met.
 */
export function findApiKey(keys: readonly ApiKey[], presented: string): ApiKey | undefined {
  const digest = hash('sha256', presented, 'buffer')
  let found: ApiKey | undefined
  for (const key of keys) {
    for (const one of key.digests) found = timingSafeEqual(digest, one) ? key : found
  }
  return found
}

/**
 * Who may start syncs in the name of whoever has left something to be done (`createdBy`), as the keys are now. Throws
 * API_KEY_INVALID or API_KEY_SCOPE where nobody may.
 */
export function writerNamed({ keyed, current }: KeyRing, createdBy: string | null): Caller {
  if (createdBy === null && !keyed) return ANYONE
  const key = current.find(({ name }) => name === createdBy)
  if (key === undefined) {
    const whose =
      createdBy === null
        ? 'It was made without an API key, and now keys are set.'
        : `There is no API key ${createdBy} any more.`
    throw new AppError('API_KEY_INVALID', whose, {
      hint: 'Make it anew with an API key that there is, and DELETE this one.',
    })
  }
  if (key.scopes.includes('write') || key.scopes.includes('admin')) return key
  throw new AppError('API_KEY_SCOPE', `The API key ${key.name} may not start syncs any more.`)
}

/**
 * Makes a new key, its entry for API_KEYS, and its digest for a file. The key is random (256 bits), so its plain SHA-256 cannot be guessed back.
 * `spreadsheets`: ids of the only ones that it may read; none: it may read all.
 */
export function createApiKey(
  name: string,
  scopes: readonly Scope[],
  spreadsheets: readonly string[] = [],
): { readonly key: string; readonly entry: string; readonly digest: string } {
  const key = KEY_PREFIX + randomBytes(KEY_BYTES).toString('base64url')
  const digest = hash('sha256', key, 'hex')
  const entry = [name, scopes.join('+'), digest, ...(spreadsheets.length === 0 ? [] : [spreadsheets.join('+')])]
  return { key, entry: entry.join(':'), digest }
}
