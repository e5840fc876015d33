import type { Config } from './config.ts'
import { DEFAULT_CREDENTIAL } from './model/sync-request.ts'
import type { LoadModules } from './module-loader.ts'
import type { CredentialKind } from './ports/change-feed.ts'
import type { Clock } from './ports/clock.ts'
import type { KeyValueStore } from './ports/key-value-store.ts'
import { type Log, withFields } from './ports/log.ts'
import type { Metrics } from './ports/metrics.ts'
import { NOTIFICATIONS_PATH } from './routes/google-notifications.ts'
import { faultOfOnChange } from './schedules/change-credential.ts'
import { ChangeNotifications } from './schedules/change-notifications.ts'
import type { SpreadsheetChange } from './schedules/change-poll.ts'
import { ChangeWatchers, type ChangeWatchersOptions } from './schedules/change-watchers.ts'
import type { GoogleAccounts } from './sheets/google-accounts.ts'

/** What decides how changes are found out. */
export type ChangesConfig = Pick<Config, 'google' | 'changes' | 'publicUrl' | 'role'>

export interface ChangesParts extends Pick<ChangeWatchersOptions, 'followed'> {
  readonly config: ChangesConfig
  /** Google as each credential calls it. */
  readonly accounts: () => Promise<Pick<GoogleAccounts, 'open'>>
  /** Told of each change that a credential sees, at least once, also of every spreadsheet that is watched for the first time. */
  readonly onChanged: (change: SpreadsheetChange, credential: string) => Promise<void>
  /** What must outlive a restart: a durable namespace of its own. */
  readonly records: KeyValueStore
  /** What is renewed all the time: another namespace, which a crash of the storage may empty. */
  readonly signals: KeyValueStore
  readonly metrics?: Metrics
  readonly clock: Clock
  readonly log: Log
  /** Loads modules; may try again. Default: once. */
  readonly load?: LoadModules
}

export interface Changes {
  /** Takes Google's notifications; absent where it sends none. */
  readonly notifications: ChangeNotifications | undefined
  /** Begins to watch; does nothing with ROLE=api, and with an API key, which has no change log. */
  start(): void
  /** Lets another process watch, and stops Google's notifications where there is none. Idempotent. */
  close(): Promise<void>
}

/** How Google knows the service by a credential; those of the folder are accounts. */
export function credentialKindOf({ credentialFile, apiKey }: Config['google'], name: string): CredentialKind {
  if (name !== DEFAULT_CREDENTIAL || credentialFile !== undefined) return 'account'
  return apiKey === undefined ? 'none' : 'api-key'
}

/** Puts together what finds out the changes of spreadsheets. What watches is loaded when something is, Google's client with the first call. */
export function composeChanges(all: ChangesParts): Changes {
  const {
    config,
    accounts,
    records,
    signals,
    followed,
    onChanged,
    metrics,
    clock,
    log,
    load = (modules) => modules(),
  } = all
  const { google, changes, publicUrl, role } = config
  const notifyAt = notificationUrl(publicUrl)
  const storage = { records, signals, clock }
  const credentials = async () => new Set([...(await followed())].map(({ credential }) => credential))
  const notifications = notifyAt === undefined ? undefined : new ChangeNotifications({ ...storage, log, credentials })
  const { intervalMs, quietMs } = changes
  let isWarned = false
  const canWatch = (credential: string) => {
    const fault = faultOfOnChange(credentialKindOf(google, credential))
    // A schedule may have been made by a process that does not know the credential of this one.
    if (fault !== undefined && !isWarned) {
      log.warn({ credential, hint: fault.hint }, `"onChange" of schedules has no effect: it ${fault.message}`)
      isWarned = true
    }
    return fault === undefined
  }
  const open = async (credential: string) => {
    const [{ ChangeWatcher }, { DriveChanges }] = await load(() =>
      Promise.all([import('./schedules/change-watcher.ts'), import('./sheets/drive-changes.ts')]),
    )
    const google = await accounts()
    const reader = { credential, actAs: null }
    const feed = new DriveChanges({
      // Opened for each call, as the credential may change.
      api: { call: async (...call) => (await google.open(reader)).api.call(...call) },
      clock,
      ...(metrics && { metrics }),
    })
    return new ChangeWatcher({
      ...storage,
      credential,
      feed,
      watched: async () => [...(await followed())].filter((one) => one.credential === credential),
      onChanged: (change) => onChanged(change, credential),
      intervalMs,
      quietMs,
      notifyAt,
      log: withFields(log, { credential }),
    })
  }
  const watchers = new ChangeWatchers({ followed, canWatch, open, intervalMs, clock, log })
  return {
    notifications,
    start() {
      if (role === 'api') return
      if (publicUrl !== undefined && notifyAt === undefined) {
        log.info(
          {},
          'PUBLIC_URL is no https URL, so Google does not notify of changes; they are asked for at intervals',
        )
      }
      watchers.start()
    },
    async close() {
      await notifications?.close()
      await watchers.close()
    },
  }
}

/** Where Google is to send notifications: it sends them by https alone. */
function notificationUrl(publicUrl: string | undefined): string | undefined {
  if (publicUrl === undefined || !publicUrl.startsWith('https:')) return undefined
  return `${publicUrl.replace(/[?#].*$/, '').replace(/\/+$/, '')}${NOTIFICATIONS_PATH}`
}
