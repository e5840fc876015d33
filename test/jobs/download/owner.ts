import { readFile, writeFile } from 'node:fs/promises'
import { createDownloadJob } from '../../../src/jobs/download-job.ts'
import { parseSyncRecord } from '../../../src/model/sync-record.ts'
import { silentLog } from '../../../src/ports/log.ts'
import { GoogleSheets } from '../../../src/sheets/google-sheets.ts'
import { ReadQuota } from '../../../src/sheets/quota.ts'
import { LocalSnapshotStore } from '../../../src/snapshots/local-snapshot-store.ts'
import { claimSync } from '../../../src/syncs/sync.ts'
import { systemClock } from '../../../src/system-clock.ts'
import { callsOf } from '../downloads.ts'

/** A process that claims a sync from a file and downloads it: `owner.ts <rootUrl> <folder of snapshots> <sync file>`. */
const [rootUrl = '', directory = '', file = ''] = process.argv.slice(2)
const text = await readFile(file, 'utf8')
const queued = parseSyncRecord(JSON.parse(text).id, text)
const sync = claimSync(queued, `process ${process.pid}`, new Date())
await writeFile(file, JSON.stringify(sync))
const snapshots = new LocalSnapshotStore({ directory, kept: 3, log: silentLog })
await snapshots.start()
const job = createDownloadJob({
  source: new GoogleSheets({ rootUrl, clock: systemClock, log: silentLog }),
  snapshots,
  quota: new ReadQuota({ readsPerMinute: 100_000, clock: systemClock }),
  clock: systemClock,
  log: silentLog,
  tuning: callsOf(2000),
})
await job.run(sync, { signal: new AbortController().signal, report() {} })
await job.close()
