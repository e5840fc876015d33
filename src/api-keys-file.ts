import { z } from 'zod'
import { type ApiKey, KEY_NAME } from './api-keys.ts'
import { SPREADSHEET_ID_PATTERN } from './model/spreadsheet-reference.ts'
import { CREDENTIAL_NAME } from './model/sync-request.ts'
import { SCOPES } from './syncs/caller.ts'

/** Every digest is compared with each request, so that there is an end to them; and the log looks for each. */
const KEYS_AT_MOST = 1000
const DIGESTS_AT_MOST = 4
const LISTED_AT_MOST = 1000

/** Fields that a file may be at fault with and that are worth naming: no key and no digest has this form. */
const NAMEABLE = /^[A-Za-z]{1,20}$/

/** An object of these fields and no others. What nobody asked for is named only if it cannot be a secret. */
function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error(issue) {
      if (issue.code !== 'unrecognized_keys') return 'must be an object'
      const [unknown = ''] = (issue.keys as string[]).filter((name) => NAMEABLE.test(name))
      return `has ${unknown === '' ? 'a field' : `the field ${unknown}`}, which there is not; there are ${Object.keys(shape).join(', ')}`
    },
  })
}

function listOf<Item extends z.ZodType<string>>(item: Item, what: string, { least = 1, most = LISTED_AT_MOST } = {}) {
  const must = `must be a list of ${least} to ${most} ${what}, each once`
  return z
    .array(item, must)
    .min(least, must)
    .max(most, must)
    .refine((items) => new Set(items).size === items.length, must)
}

function textLike(pattern: RegExp, must: string) {
  return z.string(must).regex(pattern, must)
}

const flag = z.boolean('must be true or false').optional()
const credentialNames = listOf(textLike(CREDENTIAL_NAME, 'must be 1 to 64 of a-z 0-9 . _ -'), 'names', { least: 0 })

const keyEntry = strict({
  name: textLike(KEY_NAME, 'must be 1 to 32 of a-z 0-9 -'),
  scopes: listOf(z.enum(SCOPES, `must be one of ${SCOPES.join(', ')}`), 'scopes', { most: SCOPES.length }),
  /** Of each key that passes for this one. */
  sha256: listOf(textLike(/^[0-9a-f]{64}$/, 'must be 64 of 0-9 a-f: the SHA-256 of a key'), 'digests', {
    most: DIGESTS_AT_MOST,
  }),
  /** Absent: all. */
  spreadsheets: listOf(textLike(SPREADSHEET_ID_PATTERN, 'must be the id of a spreadsheet'), 'ids').optional(),
  /** Absent: `default` alone. An empty list is none: for a key whose syncs read with users' own tokens. */
  credentials: z
    .unknown()
    .transform((value, context) => {
      if (value === undefined || value === '*') return value as '*' | undefined
      const { data, error } = credentialNames.safeParse(value)
      for (const { path, message } of error?.issues ?? []) {
        context.addIssue({ code: 'custom', path, message: path.length === 0 ? `${message}; or "*"` : message })
      }
      return data
    })
    .optional(),
  tokens: flag,
  actAs: flag,
})
export type ApiKeyEntry = z.output<typeof keyEntry>

const must = `must be a list of ${KEYS_AT_MOST} keys at most`
const keysFile = strict({
  keys: z
    .array(keyEntry, must)
    .max(KEYS_AT_MOST, must)
    .superRefine((keys, context) => {
      const refuse = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
      const names = new Set<string>()
      const digests = new Set<string>()
      for (const [index, { name, sha256 }] of keys.entries()) {
        if (names.has(name)) refuse([index, 'name'], 'is that of another key')
        names.add(name)
        for (const digest of new Set(sha256)) {
          if (digests.has(digest)) refuse([index, 'sha256', sha256.indexOf(digest)], 'is that of another key')
          digests.add(digest)
        }
      }
    }),
})

export interface ParsedKeysFile {
  /** As they stand in the file; none where it has faults. */
  readonly entries: readonly ApiKeyEntry[]
  readonly keys: readonly ApiKey[]
  /** One line each, with its place, in which nothing of the file is repeated. */
  readonly faults: readonly string[]
}

/** Reads what an API_KEYS_FILE holds: `{ "keys": [{ "name", "scopes", "sha256", … }] }`. That may be no key at all. */
export function parseKeysFile(text: string): ParsedKeysFile {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    // What else V8 says quotes the text.
    const [place = ''] = /\(line \d+ column \d+\)/.exec(String(error)) ?? []
    const what = text.trim() === '' ? 'is empty' : `is not JSON ${place}`.trimEnd()
    return { entries: [], keys: [], faults: [`${what}; it must be {"keys": [...]}`] }
  }
  const { data, error } = keysFile.safeParse(value)
  if (data !== undefined) return { entries: data.keys, keys: data.keys.map(apiKeyOf), faults: [] }
  return { entries: [], keys: [], faults: error.issues.map(({ path, message }) => `${placeOf(path)}${message}`) }
}

function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return place === '' ? '' : `${place.slice(1)} `
}

function apiKeyOf({ name, scopes, sha256, spreadsheets, credentials, tokens, actAs }: ApiKeyEntry): ApiKey {
  return {
    name,
    scopes,
    digests: sha256.map((digest) => Buffer.from(digest, 'hex')),
    seesAll: scopes.includes('admin'),
    spreadsheets: spreadsheets && new Set(spreadsheets),
    credentials: credentials === '*' ? 'all' : credentials && new Set(credentials),
    mayUseTokens: tokens ?? false,
    mayActAs: actAs ?? false,
  }
}
