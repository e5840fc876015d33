import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { buildApp } from '../src/app.ts'
import { PrometheusMetrics } from '../src/metrics/prometheus.ts'
import type { JobRunner } from '../src/ports/job-runner.ts'
import { silentLog } from '../src/ports/log.ts'
import { ScheduleService } from '../src/schedules/schedule-service.ts'
import { ScheduleStore } from '../src/schedules/schedule-store.ts'
import { LocalSnapshotStore } from '../src/snapshots/local-snapshot-store.ts'
import { SyncService } from '../src/syncs/sync-service.ts'
import { systemClock } from '../src/system-clock.ts'
import { MemoryIdempotency, MemoryKeyValueStore } from '../test/support/memory-key-value-store.ts'
import { MemoryStorage } from '../test/support/memory-storage.ts'

// Writes openapi/openapi.json from the schemas of the routes; with --check says whether the committed one is still true.
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const path = new URL('../openapi/openapi.json', import.meta.url)

const idleRunner: JobRunner = {
  async start() {},
  async enqueue() {},
  notifyCancel() {},
  async close() {},
}
const storage = new MemoryStorage()
const service = new SyncService({ storage, runner: idleRunner, clock: systemClock, statusTtlMs: 1 })
const app = await buildApp({
  service,
  schedules: new ScheduleService({
    store: new ScheduleStore(new MemoryKeyValueStore()),
    service,
    storage,
    clock: systemClock,
    rules: { everyMinMs: 0, faultOfWebhook: () => undefined },
    ends: { failuresMax: 1, statusTtlMs: 1 },
    maxPerKey: 1,
    debounce: { quietMs: 0, waitMaxMs: 0 },
  }),
  credentials: { list: async () => [], requireKnown: async () => undefined },
  idempotency: new MemoryIdempotency(),
  snapshots: new LocalSnapshotStore({ directory: 'unused', kept: 1, log: silentLog }),
  checkReady: async () => undefined,
  log: pino({ level: 'silent' }),
  status: () => Promise.reject(new Error('nobody asks')),
  metrics: new PrometheusMetrics(async () => undefined),
  version: packageJson.version,
})
await app.ready()
const answer = await app.inject('/openapi.json')
const document = `${JSON.stringify(answer.json(), null, 2)}\n`
await app.close()

if (!values.check) {
  await writeFile(path, document)
} else if ((await readFile(path, 'utf8')) !== document) {
  process.stderr.write('openapi/openapi.json is not what the routes say; run "npm run openapi" and commit it.\n')
  process.exitCode = 1
}
