import { AppError } from './errors.ts'
import type { Clock } from './ports/clock.ts'
import type { SyncStorage } from './ports/sync-storage.ts'

/** Milliseconds for which one check of the storage answers every probe, so that probes cannot wear the disk. */
const CHECK_TTL_MS = 1000

export interface ReadinessOptions {
  readonly service: { readonly draining: boolean }
  readonly runner: { readonly recovered: boolean }
  readonly storage: Pick<SyncStorage, 'checkWritable'>
  readonly clock: Clock
}

/**
 * When an instance is ready to serve requests: it is not stopping, what an earlier process left was found, and syncs can
 * be recorded now. The function that is returned resolves then, and rejects with an AppError that says why not otherwise.
 */
export function createReadinessCheck({ service, runner, storage, clock }: ReadinessOptions): () => Promise<void> {
  let latest: { readonly at: number; readonly result: Promise<void> } | undefined
  return async () => {
    if (service.draining) throw new AppError('SHUTTING_DOWN', 'This instance is stopping.')
    if (!runner.recovered) {
      throw new AppError('STORAGE_UNAVAILABLE', 'What an earlier process left is still being looked through.')
    }
    const now = clock.monotonic()
    if (latest === undefined || now - latest.at > CHECK_TTL_MS) latest = { at: now, result: storage.checkWritable() }
    await latest.result
  }
}
