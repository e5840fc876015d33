import { composeChanges } from '../../src/compose-changes.ts'
import { silentLog } from '../../src/ports/log.ts'
import { GoogleAccounts } from '../../src/sheets/google-accounts.ts'
import { GoogleCredentials } from '../../src/sheets/google-credentials.ts'
import { type ChangeStorage, openChangeStores } from './change-stores.ts'
import { fastClock } from './fast-clock.ts'

/** What a polling process is started with, as JSON in its first argument. */
export interface PollingOptions {
  readonly rootUrl: string
  readonly storage: ChangeStorage
  readonly ids: readonly string[]
  /** How many times as fast time passes. */
  readonly factor: number
}

/** What it says: that it polls now, or what changed. */
export type PollingMessage =
  | { readonly polls: true }
  | { readonly spreadsheetId: string; readonly version: string | null }

const { rootUrl, storage, ids, factor } = JSON.parse(process.argv[2] ?? '') as PollingOptions
const say = (message: PollingMessage) => void process.send?.(message)
const clock = fastClock(factor)
const stores = openChangeStores(storage, clock)
const google = {
  rootUrl,
  apiKey: undefined,
  credentialFile: undefined,
  folder: undefined,
  readsPerMinute: 60,
  projectReadsPerMinute: 300,
}
const accounts = new GoogleAccounts({ credentials: new GoogleCredentials({ ...google, clock }), rootUrl, clock })
const changes = composeChanges({
  accounts: async () => accounts,
  config: {
    google,
    changes: { intervalMs: 30_000, quietMs: 20_000, waitMaxMs: 120_000 },
    publicUrl: undefined,
    role: 'all',
  },
  ...stores,
  followed: async () => ids.map((spreadsheetId) => ({ spreadsheetId, credential: 'default' })),
  onChanged: async ({ spreadsheetId, version }) => say({ spreadsheetId, version }),
  clock,
  log: { ...silentLog, debug: (_, message) => /this process polls/.test(message) && say({ polls: true }) },
})
changes.start()
process.once('SIGTERM', async () => {
  await changes.close()
  await stores.close()
  process.disconnect()
})
