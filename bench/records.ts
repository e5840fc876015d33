import { mkdir, writeFile } from 'node:fs/promises'
import type { ActiveSync } from '../src/model/sync.ts'
import { newSyncId } from '../src/model/sync-id.ts'
import { normalizeRequest, syncRequestBody } from '../src/model/sync-request.ts'
import { createSync } from '../src/syncs/new-sync.ts'
import { cancelSync, claimSync, reportSync } from '../src/syncs/sync.ts'

/** A sync in the middle of a download of so many tabs. */
export function aRunningSync(id = newSyncId(), tabCount = 10): ActiveSync {
  const now = new Date()
  const body = syncRequestBody.parse({ spreadsheet: 'bench' })
  const queued = createSync({ id, ...normalizeRequest(body), labels: {}, createdBy: null }, now)
  const tabs = Array.from({ length: tabCount }, (_, gid) => ({
    gid,
    title: `Tab ${gid}`,
    range: null,
    state: 'downloading' as const,
    rows: 1000,
    columns: 8,
    files: [],
  }))
  return reportSync(claimSync(queued, 'bench', now), { progress: { percent: 42 }, tabs }, now)
}

/** Writes so many finished syncs as an earlier process would have left them, to expire in a day. */
export async function fillDirectory(directory: string, count: number): Promise<void> {
  await mkdir(directory, { recursive: true })
  const day = 86_400_000
  for (let written = 0; written < count; written += 500) {
    await Promise.all(
      Array.from({ length: Math.min(500, count - written) }, () => {
        const sync = cancelSync(aRunningSync(), new Date(), day)
        return writeFile(`${directory}/${sync.id}.json`, `${JSON.stringify(sync, null, 2)}\n`)
      }),
    )
  }
}
