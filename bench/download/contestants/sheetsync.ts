import { join } from 'node:path'
import { CodecPool } from '../../../src/jobs/download/codec-pool.ts'
import { createDownloadJob } from '../../../src/jobs/download-job.ts'
import { newSyncId } from '../../../src/model/sync-id.ts'
import { normalizeRequest, syncRequestBody } from '../../../src/model/sync-request.ts'
import { silentLog } from '../../../src/ports/log.ts'
import { GoogleSheets } from '../../../src/sheets/google-sheets.ts'
import { ReadQuota } from '../../../src/sheets/quota.ts'
import { LocalSnapshotStore } from '../../../src/snapshots/local-snapshot-store.ts'
import { claimSync, createSync } from '../../../src/syncs/sync.ts'
import { systemClock } from '../../../src/system-clock.ts'
import { compete } from './contestant.ts'

const { rootUrl } = JSON.parse(process.argv[2] ?? '{}') as { rootUrl: string }
const source = new GoogleSheets({ rootUrl, clock: systemClock, log: silentLog })
const quota = new ReadQuota({ readsPerMinute: 100_000, clock: systemClock })
const codec = new CodecPool()

await compete(async ({ spreadsheet, values, dates }, directory) => {
  const snapshots = new LocalSnapshotStore({ directory, kept: 1, log: silentLog })
  await snapshots.start()
  const job = createDownloadJob({ source, snapshots, quota, codec, clock: systemClock, log: silentLog })
  const body = syncRequestBody.parse({ spreadsheet, formats: ['ndjson'], values, dates })
  const queued = createSync({ id: newSyncId(), ...normalizeRequest(body), labels: {}, createdBy: null }, new Date())
  const sync = claimSync(queued, 'bench', new Date())
  const { report } = await job.run(sync, { signal: new AbortController().signal, report() {} })
  return join(directory, spreadsheet, sync.id, report.tabs?.[0]?.files[0]?.name ?? '')
})
await codec.close()
