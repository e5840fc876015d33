import { readFile, writeFile } from 'node:fs/promises'
import { WorkerPool } from '../../../src/concurrency/worker-pool.ts'
import { createDownloadJob } from '../../../src/jobs/download-job.ts'
import { parseSyncRecord } from '../../../src/model/sync-record.ts'
import { silentLog } from '../../../src/ports/log.ts'
import { GoogleApi } from '../../../src/sheets/google-api.ts'
import { GoogleSheets } from '../../../src/sheets/google-sheets.ts'
import { ReadQuota } from '../../../src/sheets/read-quota.ts'
import { BlockFiles } from '../../../src/snapshots/formats/block-files.ts'
import { LocalSnapshotStore } from '../../../src/snapshots/local-snapshot-store.ts'
import { claimSync, interruptSync } from '../../../src/syncs/sync.ts'
import { systemClock } from '../../../src/system-clock.ts'
import { oneAccount } from '../../support/accounts.ts'
import { aLocalBudget } from '../../support/local-read-budget.ts'
import { callsOf } from '../downloads.ts'

/** A process that claims a sync from a file and downloads it: `owner.ts <rootUrl> <folder of snapshots> <sync file>`. */
const [rootUrl = '', directory = '', file = ''] = process.argv.slice(2)
const text = await readFile(file, 'utf8')
const queued = parseSyncRecord(JSON.parse(text).id, text)
const sync = claimSync(queued, `process ${process.pid}`, new Date())
// Given back, so that a kill does not count: how many there are is for the test to choose.
await writeFile(file, JSON.stringify(interruptSync(sync, new Date())))
const snapshots = new LocalSnapshotStore({ directory, kept: 3, log: silentLog })
await snapshots.start()
const workers = new WorkerPool()
const source = new GoogleSheets({
  ...oneAccount(
    new GoogleApi({ rootUrl, clock: systemClock }),
    new ReadQuota({ budget: aLocalBudget(100_000, systemClock), clock: systemClock, log: silentLog }),
  ),
  workers,
  clock: systemClock,
  log: silentLog,
  tuning: callsOf(2000),
})
const writer = new BlockFiles(workers)
const job = createDownloadJob({ source, writer, snapshots, clock: systemClock, log: silentLog })
await job(sync, { signal: new AbortController().signal, report() {} })
await workers.close()
