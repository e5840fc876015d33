import { setImmediate } from 'node:timers/promises'
import { AppError } from '../errors.ts'
import { isTerminal, type Sync } from '../model/sync.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'

/**
 * The same storage, whose operations are timed and whose ended syncs are counted; a peek that is answered from memory is
 * not. `onReplaced` is called with each sync that was replaced, whoever did it.
 */
export function measureStorage(
  storage: SyncStorage,
  metrics: Metrics,
  onReplaced: (sync: Sync) => void = () => {},
): SyncStorage {
  function timed<A extends unknown[], T>(operation: string, work: (...args: A) => Promise<T>) {
    return async (...args: A): Promise<T> => {
      const begun = performance.now()
      let code: string | undefined
      try {
        return await work(...args)
      } catch (error) {
        code = error instanceof AppError ? error.code : 'INTERNAL'
        throw error
      } finally {
        metrics.storageOperation(operation, (performance.now() - begun) / 1000, code)
      }
    }
  }

  const get = timed('get', (found: Promise<Sync | undefined>) => found)
  const replace = timed('replace', (...args: Parameters<SyncStorage['replace']>) => storage.replace(...args))
  return {
    start: timed('start', () => storage.start()),
    create: timed('create', (sync) => storage.create(sync)),
    get: timed('get', (id) => storage.get(id)),
    peek(id) {
      const found = storage.peek(id)
      return found instanceof Promise ? get(found) : found
    },
    async replace(next, expectedRevision, options) {
      const replaced = await replace(next, expectedRevision, options)
      if (!replaced) return false
      // After its end a sync changes only with its webhook, which notes the revision of the end.
      if (isTerminal(next) && next.revision === (next.webhook?.endRevision ?? next.revision)) metrics.syncEnded(next)
      onReplaced(next)
      return true
    },
    remove: timed('remove', (id, expectedRevision) => storage.remove(id, expectedRevision)),
    list: timed('list', (query) => storage.list(query)),
    usage: timed('usage', (createdBy, now) => storage.usage(createdBy, now)),
    countByState: timed('count', (now) => storage.countByState(now)),
    cleanup: timed('cleanup', (now, options) => storage.cleanup(now, options)),
    checkWritable: timed('check', () => storage.checkWritable()),
    watch: (id, onChange) => storage.watch(id, onChange),
    watchAll: (onChange) => storage.watchAll(onChange),
    async close() {
      await storage.close()
      // Whoever called is answered some microtasks after the storage is done.
      await setImmediate()
    },
  }
}
