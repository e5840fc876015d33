import { join } from 'node:path'
import { WorkerPool } from '../../../src/concurrency/worker-pool.ts'
import { createDownloadJob } from '../../../src/jobs/download-job.ts'
import { newSyncId } from '../../../src/model/sync-id.ts'
import { normalizeRequest, syncRequestBody } from '../../../src/model/sync-request.ts'
import { silentLog } from '../../../src/ports/log.ts'
import { DEFAULT_ACCOUNT } from '../../../src/ports/read-budget.ts'
import { GoogleApi } from '../../../src/sheets/google-api.ts'
import { GoogleSheets } from '../../../src/sheets/google-sheets.ts'
import { LocalReadBudgets } from '../../../src/sheets/local-read-budgets.ts'
import { ReadQuota } from '../../../src/sheets/read-quota.ts'
import { BlockFiles } from '../../../src/snapshots/formats/block-files.ts'
import { LocalSnapshotStore } from '../../../src/snapshots/local-snapshot-store.ts'
import { createSync } from '../../../src/syncs/new-sync.ts'
import { claimSync } from '../../../src/syncs/sync.ts'
import { systemClock } from '../../../src/system-clock.ts'
import { oneAccount } from '../../../test/support/accounts.ts'
import { compete } from './contestant.ts'

const { rootUrl } = JSON.parse(process.argv[2] ?? '{}') as { rootUrl: string }
const api = new GoogleApi({ rootUrl, clock: systemClock })
const quota = new ReadQuota({
  budget: new LocalReadBudgets({ limits: { account: 100_000, project: 100_000 }, clock: systemClock }).of(
    DEFAULT_ACCOUNT,
  ),
  clock: systemClock,
  log: silentLog,
})
const workers = new WorkerPool()
const source = new GoogleSheets({ ...oneAccount(api, quota), workers, clock: systemClock, log: silentLog })
const writer = new BlockFiles(workers)

await compete(async ({ spreadsheet, values, dates }, directory) => {
  const snapshots = new LocalSnapshotStore({ directory, kept: 1, log: silentLog })
  await snapshots.start()
  const job = createDownloadJob({ source, writer, snapshots, clock: systemClock, log: silentLog })
  const body = syncRequestBody.parse({ spreadsheet, formats: ['ndjson'], values, dates })
  const queued = createSync({ id: newSyncId(), ...normalizeRequest(body), labels: {}, createdBy: null }, new Date())
  const sync = claimSync(queued, 'bench', new Date())
  const { report } = await job(sync, { signal: new AbortController().signal, report() {} })
  return join(directory, spreadsheet, sync.id, report.tabs?.[0]?.files[0]?.name ?? '')
})
await workers.close()
