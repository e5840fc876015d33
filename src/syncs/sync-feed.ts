import { AppError } from '../errors.ts'
import type { Sync } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'

/** Milliseconds after which a storage that could not be read is asked again. */
const ASK_AGAIN_MS = 1000

/** What a follower is told. After anything but `sync` there is nothing more to follow. */
export type SyncNews =
  /** The sync as it is now, perhaps as it was told before. */
  | { readonly kind: 'sync'; readonly sync: Sync }
  /** It was removed. */
  | { readonly kind: 'gone' }
  /** It cannot be read, and asking again will not help. */
  | { readonly kind: 'unreadable'; readonly error: unknown }
  /** This instance is stopping; another one may be followed. */
  | { readonly kind: 'draining' }

export type Follower = (news: SyncNews) => void

interface Source {
  readonly followers: Set<Follower>
  readonly stop: () => void
  readonly ended: AbortController
  reading: boolean
  /** Something may have changed since the read under way began. */
  stale: boolean
}

/** News of syncs for any number of followers in this process: each change of a sync is read once, whoever waits for it. */
export class SyncFeed {
  readonly #storage: Pick<SyncStorage, 'get' | 'watch'>
  readonly #clock: Clock
  readonly #sources = new Map<string, Source>()
  #draining = false

  constructor(storage: Pick<SyncStorage, 'get' | 'watch'>, clock: Clock) {
    this.#storage = storage
    this.#clock = clock
  }

  /** How many syncs are followed. */
  get size(): number {
    return this.#sources.size
  }

  /**
   * Tells the sync soon, and again after each change, until the function that it returns is called. Of changes in quick
   * succession only the last need be told. A storage that fails for a while delays the news and loses none.
   */
  follow(id: string, follower: Follower): () => void {
    if (this.#draining) {
      queueMicrotask(() => follower({ kind: 'draining' }))
      return () => {}
    }
    const source = this.#sources.get(id) ?? this.#open(id)
    // A function of its own, so that one listener may follow twice.
    const own: Follower = (news) => follower(news)
    source.followers.add(own)
    void this.#read(id, source)
    return () => {
      source.followers.delete(own)
      if (source.followers.size === 0) this.#close(id, source)
    }
  }

  /** Tells everyone that this instance is stopping, now and from now on. */
  drain(): void {
    this.#draining = true
    for (const [id, source] of [...this.#sources]) {
      tell(source, { kind: 'draining' })
      this.#close(id, source)
    }
  }

  #open(id: string): Source {
    const source: Source = {
      followers: new Set(),
      stop: this.#storage.watch(id, () => void this.#read(id, source)),
      ended: new AbortController(),
      reading: false,
      stale: false,
    }
    this.#sources.set(id, source)
    return source
  }

  #close(id: string, source: Source): void {
    if (this.#sources.get(id) !== source) return
    this.#sources.delete(id)
    source.stop()
    source.ended.abort()
  }

  /** One read at a time: what changes during it is read once more after it. */
  async #read(id: string, source: Source): Promise<void> {
    source.stale = true
    if (source.reading) return
    source.reading = true
    while (source.stale && !source.ended.signal.aborted) {
      source.stale = false
      const news = await this.#look(id, source.ended.signal)
      if (news !== undefined) tell(source, news)
    }
    source.reading = false
  }

  async #look(id: string, signal: AbortSignal): Promise<SyncNews | undefined> {
    for (;;) {
      try {
        const sync = await this.#storage.get(id)
        return sync === undefined ? { kind: 'gone' } : { kind: 'sync', sync }
      } catch (error) {
        // Whatever it was, followers must hear of it: nobody else waits for this read.
        if (!(error instanceof AppError) || !error.retryable) return { kind: 'unreadable', error }
      }
      if (!(await this.#clock.sleep(ASK_AGAIN_MS, signal))) return undefined
    }
  }
}

function tell(source: Source, news: SyncNews): void {
  for (const follower of [...source.followers]) {
    // One that is told may stop another.
    if (source.followers.has(follower)) follower(news)
  }
}
