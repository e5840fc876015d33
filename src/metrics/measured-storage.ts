import { AppError } from '../errors.ts'
import { isTerminal, type Sync } from '../model/sync.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { CleanupReport, SyncPage, SyncQuery, SyncStorage } from '../ports/sync-storage.ts'

/** A storage whose operations are timed and whose ended syncs are counted. A peek that is answered from memory is not. */
export class MeasuredStorage implements SyncStorage {
  readonly #storage: SyncStorage
  readonly #metrics: Metrics
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(storage: SyncStorage, metrics: Metrics) {
    this.#storage = storage
    this.#metrics = metrics
  }

  start(): Promise<void> {
    return this.#timed('start', () => this.#storage.start())
  }

  create(sync: Sync): Promise<void> {
    return this.#timed('create', () => this.#storage.create(sync))
  }

  get(id: string): Promise<Sync | undefined> {
    return this.#timed('get', () => this.#storage.get(id))
  }

  peek(id: string): Sync | undefined | Promise<Sync | undefined> {
    const found = this.#storage.peek(id)
    return found instanceof Promise ? this.#timed('get', () => found) : found
  }

  async replace(next: Sync, expectedRevision: number, options: { readonly durable?: boolean } = {}): Promise<boolean> {
    const replaced = await this.#timed('replace', () => this.#storage.replace(next, expectedRevision, options))
    // What is noted on a sync after its end, such as the delivery of its webhook, moves `updatedAt` on.
    if (replaced && isTerminal(next) && next.updatedAt === next.finishedAt) this.#metrics.syncEnded(next)
    return replaced
  }

  remove(id: string, expectedRevision: number): Promise<boolean> {
    return this.#timed('remove', () => this.#storage.remove(id, expectedRevision))
  }

  list(query: SyncQuery): Promise<SyncPage> {
    return this.#timed('list', () => this.#storage.list(query))
  }

  cleanup(now: Date): Promise<CleanupReport> {
    return this.#timed('cleanup', () => this.#storage.cleanup(now))
  }

  checkWritable(): Promise<void> {
    return this.#timed('check', () => this.#storage.checkWritable())
  }

  watch(id: string, onChange: () => void): () => void {
    return this.#storage.watch(id, onChange)
  }

  async close(): Promise<void> {
    await this.#storage.close()
    // Whoever called is answered a moment after the storage is done.
    await Promise.allSettled(this.#underWay)
  }

  #timed<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const timed = this.#time(operation, work)
    this.#underWay.add(timed)
    const done = () => this.#underWay.delete(timed)
    timed.then(done, done)
    return timed
  }

  async #time<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const begun = performance.now()
    let code: string | undefined
    try {
      return await work()
    } catch (error) {
      code = error instanceof AppError ? error.code : 'INTERNAL'
      throw error
    } finally {
      this.#metrics.storageOperation(operation, (performance.now() - begun) / 1000, code)
    }
  }
}
