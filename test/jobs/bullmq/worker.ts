import { BullMqRunner } from '../../../src/jobs/bullmq-runner.ts'
import { silentLog } from '../../../src/ports/log.ts'
import { FileStorage } from '../../../src/storage/file-storage.ts'
import { systemClock } from '../../../src/system-clock.ts'
import { RemoteLeases } from './remote-leases.ts'

/**
 * A worker process that gets stuck, `worker.ts <queue URL> <namespace> <folder of records> <where>`, and tells the id of
 * each sync with which it did: before the claim, or in the job.
 */
const [url = '', namespace = '', directory = '', where = ''] = process.argv.slice(2)
const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
await storage.start()
const stuck = (id: string) => {
  process.stdout.write(`${id}\n`)
  return new Promise<never>(() => {})
}
if (where === 'before the claim') storage.get = stuck
const runner = new BullMqRunner({
  url,
  namespace,
  storage,
  leases: new RemoteLeases({ directory, clock: systemClock }),
  clock: systemClock,
  log: silentLog,
  concurrency: 2,
  statusTtlMs: 60_000,
  deadlineMs: 600_000,
  job: ({ id }) => stuck(id),
})
await runner.start()
