import { syncRequestBody } from '../../src/model/sync-request.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { ANYONE } from '../../src/syncs/caller.ts'
import { IdempotentRequests } from '../../src/syncs/idempotent-requests.ts'
import { SyncService } from '../../src/syncs/sync-service.ts'
import { systemClock } from '../../src/system-clock.ts'
import { FileIdempotency } from '../support/key-value-stores.ts'

/**
 * `node dying-start.ts DIRECTORY KEY STEP`: starts a sync under the key and is killed just before it creates the sync
 * (`create`) or just before it records the answer (`complete`).
 */
const [directory = '', key = '', step = ''] = process.argv.slice(2)
const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
const store = new FileIdempotency({ directory, clock: systemClock })
const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {})
}
if (step === 'create') storage.create = die
else store.complete = die
await storage.start()
await store.start()
const runner = { start: async () => {}, enqueue: async () => {}, notifyCancel: () => {}, close: async () => {} }
const service = new SyncService({ storage, runner, clock: systemClock, statusTtlMs: 1000 })
const body = syncRequestBody.parse({ spreadsheet: 'a-spreadsheet', ifActive: 'start' })
await new IdempotentRequests({ service, store, clock: systemClock }).start(key, body, ANYONE)
