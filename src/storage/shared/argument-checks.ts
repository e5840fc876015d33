import type { Sync } from '../../model/sync.ts'
import { isSyncId } from '../../model/sync-id.ts'

/** No id becomes a path or a key before it has passed here. */
export function requireSyncId(id: string): void {
  if (!isSyncId(id)) throw new TypeError(`${JSON.stringify(id.slice(0, 80))} is not a sync id`)
}

export function requireSuccessor(next: Sync, expectedRevision: number): void {
  requireSyncId(next.id)
  if (!(next.revision > expectedRevision)) {
    throw new TypeError(`revision ${next.revision} does not come after ${expectedRevision}`)
  }
}

/** Keys come from clients; only their hashes ever become paths. */
export function requireKeyHash(key: string): void {
  if (!/^[0-9a-f]{64}$/.test(key)) throw new TypeError('an idempotency key is stored by its SHA-256 only')
}
