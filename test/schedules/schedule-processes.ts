import type { Sync } from '../../src/model/sync.ts'
import { syncRequestBody } from '../../src/model/sync-request.ts'
import { silentLog } from '../../src/ports/log.ts'
import { createSchedule, type Schedule } from '../../src/schedules/schedule.ts'
import type { ScheduleBody } from '../../src/schedules/schedule-body.ts'
import { newScheduleId } from '../../src/schedules/schedule-id.ts'
import { ScheduleService } from '../../src/schedules/schedule-service.ts'
import { ScheduleStore } from '../../src/schedules/schedule-store.ts'
import { TickRuns } from '../../src/schedules/tick-runs.ts'
import { AdmissionControl } from '../../src/syncs/admission-control.ts'
import { ANYONE, type Caller } from '../../src/syncs/caller.ts'
import { claimSync, failSync, succeedSync } from '../../src/syncs/sync.ts'
import { SyncService } from '../../src/syncs/sync-service.ts'
import { ROOMY } from '../support/admission-limits.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryKeyValueStore } from '../support/memory-key-value-store.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { silentMetrics } from '../support/silent-metrics.ts'

export const TTL_MS = 300_000
export const MINUTE = 60_000

/** Several processes that share schedules and syncs, on one clock. */
export function aWorld({ maxQueued = 1000, failuresMax = 3 } = {}) {
  const clock = new FakeClock()
  const storage = new MemoryStorage()
  const store = new ScheduleStore(new MemoryKeyValueStore(clock))
  const runner = { start: async () => {}, enqueue: async () => {}, notifyCancel() {}, close: async () => {} }
  const ends = { failuresMax, statusTtlMs: TTL_MS }
  let authorize = (_: string | null): Caller => ANYONE
  const aProcess = () => {
    const admission = new AdmissionControl({ storage, clock, ...ROOMY, maxQueued })
    const service = new SyncService({ storage, runner, clock, statusTtlMs: TTL_MS, admission })
    const common = { store, service, storage, clock, ends }
    const runs = new TickRuns({
      ...common,
      log: silentLog,
      metrics: silentMetrics,
      authorize: (name) => authorize(name),
      random: () => 0.5,
    })
    const rules = { everyMinMs: 1000, faultOfWebhook: () => undefined }
    const schedules = new ScheduleService({
      ...common,
      rules,
      maxPerKey: 10,
      debounce: { quietMs: 20_000, waitMaxMs: 120_000 },
    })
    return { service, runs, schedules }
  }
  const aSchedule = async (body: Partial<ScheduleBody> = {}, createdBy: string | null = null) => {
    const request = syncRequestBody.parse({ spreadsheet: 'a-spreadsheet' })
    const whole = { name: 'A', request, every: '1m', jitter: '0s', timeZone: 'UTC', onChange: false, ...body }
    const schedule = createSchedule({ id: newScheduleId(), body: whole, createdBy }, clock.now())
    await store.create(schedule)
    return schedule.id
  }
  const read = async (id: string): Promise<Schedule> => {
    const found = await store.find(id)
    if (found === undefined) throw new Error('it is gone')
    return found.schedule
  }
  const syncs = async (id: string) => (await storage.list({ scheduleId: id, pageSize: 100 })).syncs
  /** Ends a sync as a runner does. */
  const end = async (id: string, how: 'succeeded' | 'failed', runs: TickRuns) => {
    const sync = (await storage.get(id)) as Sync
    const claimed = claimSync(sync, 'a runner', clock.now())
    await storage.replace(claimed, sync.revision)
    const problem = {
      type: 't',
      title: 't',
      status: 404,
      detail: 'Gone.',
      code: 'SHEET_NOT_FOUND',
      retryable: false,
    } as const
    const result = { outcome: 'downloaded', consistent: true, snapshotId: id, report: {} } as const
    const ended =
      how === 'failed'
        ? failSync(claimed, problem, clock.now(), TTL_MS)
        : succeedSync(claimed, result, clock.now(), TTL_MS)
    await storage.replace(ended, claimed.revision)
    await runs.noteEnd(ended)
  }
  return {
    clock,
    storage,
    store,
    aProcess,
    aSchedule,
    read,
    syncs,
    end,
    authorizeBy(how: typeof authorize) {
      authorize = how
    },
  }
}
