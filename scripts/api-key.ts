import { parseArgs } from 'node:util'
import { createApiKey, KEY_NAME, parseApiKeys } from '../src/api-keys.ts'
import { parseSpreadsheetReference } from '../src/model/spreadsheet-reference.ts'
import type { Scope } from '../src/syncs/caller.ts'
import { editKeysFile, type WantedEntry } from './keys-file.ts'

// Makes an API key: `npm run api-key -- NAME [SCOPE+SCOPE [SPREADSHEET …]]`. The key is shown this once and kept nowhere.
const USAGE = `usage: npm run api-key -- NAME [SCOPES [SPREADSHEET ...]] [options]
  NAME         1 to 32 of a-z 0-9 -; whatever the key starts bears it
  SCOPES       read, write, admin, joined by + (default: read+write)
  SPREADSHEET  the id or URL of one that the key may read (default: all)

  --spreadsheet ID_OR_URL  the same as SPREADSHEET; may come several times
  --file FILE              put the entry into this JSON file (API_KEYS_FILE), in the place of one that has its name
  --help                   show this

With --file:
  --credentials A,B  the credentials that the key may use, or * for all (default: "default" alone)
  --tokens           its syncs may read with users' own tokens
  --act-as           its syncs may have credentials act for people
  --rotate           keep the entry as it is, and add a new key to it; the old one works beside it
  --retire           keep the newest key of the entry alone
  --remove           take the entry out
`

/** What the command line asks for cannot be done. */
class Refusal extends Error {}

function wrongUse(why = ''): Refusal {
  return new Refusal(`${why}\n${USAGE}`.trimStart())
}

function readArguments() {
  const options = {
    spreadsheet: { type: 'string', multiple: true },
    file: { type: 'string' },
    credentials: { type: 'string' },
    tokens: { type: 'boolean' },
    'act-as': { type: 'boolean' },
    rotate: { type: 'boolean' },
    retire: { type: 'boolean' },
    remove: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const
  try {
    return parseArgs({ allowPositionals: true, options })
  } catch (error) {
    throw error instanceof TypeError ? wrongUse(error.message) : error
  }
}

/** Does what the command line asks for; resolves to what there is to be told of it. */
async function run(): Promise<string> {
  const { positionals, values } = readArguments()
  if (values.help) return USAGE
  const [name = '', scopeList, ...others] = positionals
  const scopes = (scopeList ?? 'read+write').split('+') as Scope[]
  const spreadsheets = [...others, ...(values.spreadsheet ?? [])].map((text) => {
    const reference = parseSpreadsheetReference(text)
    return 'message' in reference ? text : reference.id
  })
  if (!KEY_NAME.test(name)) throw wrongUse()
  const { key, entry, digest } = createApiKey(name, scopes, spreadsheets)
  const shown = `The key, for the caller. It is shown this once:\n  ${key}\n`
  const { file, credentials, tokens, 'act-as': actAs } = values
  const edits = (['rotate', 'retire', 'remove'] as const).filter((edit) => values[edit])
  const rights = [credentials, tokens, actAs].filter((right) => right !== undefined)

  if (file === undefined) {
    if (edits.length + rights.length > 0) throw wrongUse('API_KEYS has no room for that; name a --file.')
    if (parseApiKeys(entry).faults.length > 0) throw wrongUse()
    return `${shown}Its entry in API_KEYS, for the service (several are separated by commas):\n  API_KEYS=${entry}\n`
  }

  const isNamedAlone = scopeList === undefined && spreadsheets.length + rights.length === 0
  if (edits.length > 1 || (edits.length === 1 && !isNamedAlone)) {
    throw wrongUse('--rotate, --retire and --remove go with NAME and --file alone.')
  }
  const [edit = 'put'] = edits
  const names = credentials?.split(',').flatMap((each) => each.trim() || [])
  const wanted: WantedEntry = {
    name,
    scopes,
    sha256: [digest],
    ...(spreadsheets.length > 0 && { spreadsheets }),
    ...(names && { credentials: credentials === '*' ? '*' : names }),
    ...(tokens && { tokens }),
    ...(actAs && { actAs }),
  }
  const fault = await editKeysFile(file, name, (known) => {
    if (edit === 'put') return wanted
    if (known === undefined) return `has no entry of the name ${name}`
    if (edit === 'rotate') return { ...known, sha256: [...known.sha256, digest] }
    return edit === 'retire' ? { ...known, sha256: known.sha256.slice(-1) } : undefined
  })
  if (fault !== undefined) throw new Refusal(`${file} was left as it was: ${fault}\n`)
  const written = `${file} is written; a service whose API_KEYS_FILE it is takes it up within seconds.\n`
  return edit === 'put' || edit === 'rotate' ? shown + written : written
}

try {
  process.stdout.write(await run())
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  process.stderr.write(error.message)
  process.exitCode = 1
}
