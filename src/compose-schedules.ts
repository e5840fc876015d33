import { type KeyRing, writerNamed } from './api-keys.ts'
import { type Changes, type ChangesParts, composeChanges, credentialKindOf } from './compose-changes.ts'
import type { Config } from './config.ts'
import { Scheduler } from './jobs/scheduler.ts'
import { DEFAULT_CREDENTIAL } from './model/sync-request.ts'
import type { LoadModules } from './module-loader.ts'
import type { Clock } from './ports/clock.ts'
import type { KeyValueStore } from './ports/key-value-store.ts'
import type { Log } from './ports/log.ts'
import type { Metrics } from './ports/metrics.ts'
import type { SyncStorage } from './ports/sync-storage.ts'
import type { WebhookSender } from './ports/webhook-sender.ts'
import { faultOfOnChange } from './schedules/change-credential.ts'
import type { ScheduleBody } from './schedules/schedule-body.ts'
import { ScheduleService } from './schedules/schedule-service.ts'
import { ScheduleStore } from './schedules/schedule-store.ts'
import { TickRuns } from './schedules/tick-runs.ts'
import type { SyncService } from './syncs/sync-service.ts'
import { PauseNotices } from './webhooks/pause-notices.ts'

interface ScheduleParts {
  readonly config: Config
  readonly keys: KeyRing
  readonly stores: {
    readonly schedules: KeyValueStore
    readonly changes: KeyValueStore
    readonly changeSignals: KeyValueStore
  }
  readonly accounts: ChangesParts['accounts']
  readonly service: SyncService
  readonly storage: SyncStorage
  readonly sender: WebhookSender | undefined
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Log
  /** Loads modules that the open port does not wait for. */
  readonly load: LoadModules
}

/** Puts together what keeps schedules and runs them; a process that only answers requests does not start the scheduler. */
export function composeSchedules({
  config,
  keys,
  stores,
  accounts,
  service: syncs,
  storage,
  sender,
  metrics,
  clock,
  log,
  load,
}: ScheduleParts) {
  const { everyMinMs, failuresMax, maxPerKey } = config.schedules
  const ends = { failuresMax, statusTtlMs: config.statusTtlMs }
  const store = new ScheduleStore(stores.schedules)
  const rules = {
    everyMinMs,
    faultOfWebhook: (url: string) => syncs.faultOfWebhook(url),
    faultOfOnChange: ({ credential = DEFAULT_CREDENTIAL, actAs }: ScheduleBody['request']) =>
      faultOfOnChange(credentialKindOf(config.google, credential), actAs),
  }
  const debounce = config.changes
  const service = new ScheduleService({ store, service: syncs, storage, clock, rules, ends, maxPerKey, debounce })
  const authorize = (createdBy: string | null) => writerNamed(keys, createdBy)
  const runs = new TickRuns({ store, service: syncs, storage, clock, log, metrics, authorize, ends })
  const notices = new PauseNotices({ store, sender, clock, log })
  const scheduler = new Scheduler({ store, runs, notices, clock, log })
  const changes: Changes = composeChanges({
    config,
    records: stores.changes,
    signals: stores.changeSignals,
    accounts,
    followed: () => service.overview.watched(),
    async onChanged({ spreadsheetId, version, at }, credential) {
      metrics.changeSeen()
      const follow = (await service.overview.watched()).filter(
        (one) => one.spreadsheetId === spreadsheetId && one.credential === credential,
      )
      await service.noteChange(
        follow.map(({ id }) => id),
        at,
        version,
      )
    },
    metrics,
    clock,
    log,
    load,
  })
  return { store, service, runs, notices, scheduler, changes }
}
