import { parseArgs } from 'node:util'
import { createApiKey, parseApiKeys } from '../src/api-keys.ts'
import { parseSpreadsheetReference } from '../src/model/spreadsheet-reference.ts'
import type { Scope } from '../src/syncs/caller.ts'

// Makes an API key: `npm run api-key -- NAME [SCOPE+SCOPE [SPREADSHEET …]]`. The key is shown this once and kept nowhere.
const { positionals } = parseArgs({ allowPositionals: true })
const [name = '', scopes = 'read+write', ...spreadsheets] = positionals
const ids = spreadsheets.map((text) => {
  const reference = parseSpreadsheetReference(text)
  return 'message' in reference ? text : reference.id
})
const { key, entry } = createApiKey(name, scopes.split('+') as Scope[], ids)
if (parseApiKeys(entry).faults.length > 0) {
  process.stderr.write(
    `usage: npm run api-key -- NAME [SCOPES [SPREADSHEET ...]]
  NAME         1 to 32 of a-z 0-9 -; whatever the key starts bears it
  SCOPES       read, write, admin, joined by + (default: read+write)
  SPREADSHEET  the id or URL of one that the key may read (default: all)\n`,
  )
  process.exitCode = 1
} else {
  process.stdout.write(
    `The key, for the caller. It is shown this once:
  ${key}
Its entry in API_KEYS, for the service (several are separated by commas):
  API_KEYS=${entry}\n`,
  )
}
