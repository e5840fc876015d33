import { durationMs } from '../../model/duration.ts'
import { isExpired, type SnapshotManifest } from '../../model/snapshot-manifest.ts'
import { isSameDownload, type SyncRequest } from '../../model/sync-request.ts'
import type { DownloadOptions } from './download-options.ts'
import { isAsExpected } from './expectations.ts'

/**
 * The latest snapshot where a request skips what is unchanged and that snapshot will do, as the spreadsheet has this
 * version. `listEarlier`: those that the caller reads, newest first.
 */
export async function findUnchanged(
  request: SyncRequest,
  version: string | undefined,
  listEarlier: () => Promise<readonly SnapshotManifest[]>,
  { snapshotTtlMs, clock }: Pick<DownloadOptions, 'snapshotTtlMs' | 'clock'>,
): Promise<SnapshotManifest | undefined> {
  if (version === undefined || request.ifUnchanged !== 'skip') return undefined
  const [latest] = await listEarlier()
  if (latest === undefined || !isUnchanged(latest, version, request)) return undefined
  // Its rows would be what was expected not to be. Cells may have loaded since, which no version tells.
  if (!isAsExpected(request.expect, latest)) return undefined
  // What Drive does not see may have moved since; and what has expired, the next sweep removes, with the rows of this sync.
  const ages = [request.maxAge === null ? undefined : durationMs(request.maxAge), snapshotTtlMs]
  return ages.some((ms) => isExpired(latest, ms, clock.now())) ? undefined : latest
}

/** Whether a snapshot holds just what a request asks for, of this very version. */
function isUnchanged(manifest: SnapshotManifest, version: string, request: SyncRequest): boolean {
  return (
    manifest.consistent === true &&
    manifest.spreadsheet.version === version &&
    // Whether to skip, and what is expected, says nothing of what is downloaded.
    isSameDownload(
      { ...manifest.request, ifUnchanged: request.ifUnchanged, maxAge: request.maxAge, expect: request.expect },
      request,
    )
  )
}
