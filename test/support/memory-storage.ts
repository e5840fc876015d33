import { Readable } from 'node:stream'
import { AppError } from '../../src/errors.ts'
import { isRemembered, isTerminal, type Sync } from '../../src/model/sync.ts'
import { silentLog } from '../../src/ports/log.ts'
import type {
  CleanupOptions,
  CleanupReport,
  StateCounts,
  StorageUsage,
  SyncPage,
  SyncQuery,
  SyncStorage,
} from '../../src/ports/sync-storage.ts'
import { requireSuccessor, requireSyncId } from '../../src/storage/shared/argument-checks.ts'
import { deepFreeze } from '../../src/storage/shared/deep-freeze.ts'
import { stateCounts } from '../../src/storage/shared/state-counts.ts'
import { collectPage, readPageToken } from '../../src/storage/shared/sync-page.ts'
import { Watchers } from '../../src/storage/shared/watchers.ts'

/** Syncs in the memory of one process: for tests, and as the measure that the other drivers are held against. */
export class MemoryStorage implements SyncStorage {
  readonly #syncs = new Map<string, Sync>()
  readonly #watchers = new Watchers(silentLog)

  async start(): Promise<void> {}

  async create(sync: Sync): Promise<void> {
    requireSyncId(sync.id)
    if (this.#syncs.has(sync.id)) throw new AppError('SYNC_EXISTS', `There is a sync ${sync.id} already.`)
    this.#syncs.set(sync.id, deepFreeze(sync))
    this.#watchers.notify(sync.id)
  }

  async get(id: string): Promise<Sync | undefined> {
    return this.#syncs.get(id)
  }

  peek(id: string): Sync | undefined {
    return this.#syncs.get(id)
  }

  async replace(next: Sync, expectedRevision: number): Promise<boolean> {
    requireSuccessor(next, expectedRevision)
    if (this.#syncs.get(next.id)?.revision !== expectedRevision) return false
    this.#syncs.set(next.id, deepFreeze(next))
    this.#watchers.notify(next.id)
    return true
  }

  async remove(id: string, expectedRevision: number): Promise<boolean> {
    requireSyncId(id)
    if (this.#syncs.get(id)?.revision !== expectedRevision) return false
    this.#syncs.delete(id)
    this.#watchers.notify(id)
    return true
  }

  async list(query: SyncQuery): Promise<SyncPage> {
    const after = readPageToken(query)
    const candidates = [...this.#syncs.values()]
      .filter((sync) => after === undefined || sync.id < after)
      .sort((one, other) => (one.id < other.id ? 1 : -1))
      .map((sync) => ({ sync, size: Buffer.byteLength(JSON.stringify(sync)) }))
    return collectPage(Readable.from(candidates), query)
  }

  async usage(createdBy: string | null): Promise<StorageUsage> {
    const syncs = [...this.#syncs.values()].filter((sync) => createdBy === null || sync.createdBy === createdBy)
    return { records: syncs.length, bytes: Buffer.byteLength(syncs.map((sync) => JSON.stringify(sync)).join('')) }
  }

  async countByState(): Promise<StateCounts> {
    const byState = Map.groupBy(this.#syncs.values(), ({ state }) => state)
    return stateCounts([...byState].map(([state, syncs]) => [state, syncs.length]))
  }

  async cleanup(now: Date, { signal, rememberEnd }: CleanupOptions = {}): Promise<CleanupReport> {
    const removed: string[] = []
    for (const sync of [...this.#syncs.values()]) {
      if (signal?.aborted) break
      if (!isTerminal(sync) || Date.parse(sync.expiresAt) > now.getTime()) continue
      if (isRemembered(sync)) await rememberEnd?.(sync)
      if (!this.#syncs.delete(sync.id)) continue
      this.#watchers.notify(sync.id)
      removed.push(sync.id)
    }
    return { removed, quarantined: [], leftovers: 0 }
  }

  async checkWritable(): Promise<void> {}

  watch(id: string, onChange: () => void): () => void {
    return this.#watchers.add(id, onChange)
  }

  async watchAll(onChange: (id: string | undefined) => void): Promise<() => void> {
    return this.#watchers.addOfAll(onChange)
  }

  async close(): Promise<void> {
    this.#watchers.clear()
  }
}
