import type { Sync } from '../model/sync.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'
import { isPending } from '../syncs/webhook-delivery.ts'

/**
 * The same storage, which tells of each sync whose webhook has become pending through it. Whoever ends syncs, be it a
 * runner or a user's cancel, need not know that there are webhooks.
 */
export function withToldEnds(storage: SyncStorage, onPending: (sync: Sync) => void): SyncStorage {
  return {
    start: () => storage.start(),
    create: (sync) => storage.create(sync),
    get: (id) => storage.get(id),
    peek: (id) => storage.peek(id),
    async replace(next, expectedRevision, options) {
      const replaced = await storage.replace(next, expectedRevision, options)
      if (replaced && isPending(next)) onPending(next)
      return replaced
    },
    remove: (id, expectedRevision) => storage.remove(id, expectedRevision),
    list: (query) => storage.list(query),
    cleanup: (now) => storage.cleanup(now),
    checkWritable: () => storage.checkWritable(),
    watch: (id, onChange) => storage.watch(id, onChange),
    close: () => storage.close(),
  }
}
