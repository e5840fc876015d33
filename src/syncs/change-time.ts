import type { Sync } from '../model/sync.ts'

/** A wall clock that was set back must not make a sync look as if it had changed before it was made. */
export function stamp(sync: Sync, now: Date): string {
  return new Date(Math.max(now.getTime(), Date.parse(sync.updatedAt))).toISOString()
}
