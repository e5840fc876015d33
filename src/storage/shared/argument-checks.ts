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

/** Returns the key of an entry, if it is one. */
export function requireKey(key: string): string {
  if (!/^[\w-]{1,200}$/.test(key)) throw new TypeError(`${JSON.stringify(key.slice(0, 80))} is not a key`)
  return key
}
