import { systemClock } from '../../../src/clock.ts'
import { BullMqRunner } from '../../../src/jobs/bullmq-runner.ts'
import { silentLog } from '../../../src/log.ts'
import { FileStorage } from '../../../src/storage/file-storage.ts'
import { RemoteLeases } from './remote-leases.ts'

/** A worker process whose jobs never end: `worker.ts <queue URL> <namespace> <folder of records>`; it tells of each start. */
const [url = '', namespace = '', directory = ''] = process.argv.slice(2)
const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
await storage.start()
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
  job: (sync) => {
    process.stdout.write(`${sync.id}\n`)
    return new Promise(() => {})
  },
})
await runner.start()
