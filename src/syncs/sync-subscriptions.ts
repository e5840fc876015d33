import pLimit, { type LimitFunction } from 'p-limit'
import { AppError } from '../errors.ts'
import type { Sync } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import { type Log, silentLog } from '../ports/log.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'

/** Milliseconds after which the read of a storage that failed is retried. */
const RETRY_MS = 1000

/** What a subscriber is notified of. After anything but `sync` no more changes follow. */
export type SyncChange =
  /** The sync as it is now, perhaps as in the notification before. */
  | { readonly kind: 'sync'; readonly sync: Sync }
  /** It was removed. */
  | { readonly kind: 'gone' }
  /** It cannot be read, and retrying will not help. */
  | { readonly kind: 'unreadable'; readonly error: unknown }
  /** This instance is stopping; another one may be subscribed to. */
  | { readonly kind: 'draining' }

export type Subscriber = (change: SyncChange) => void

/** One sync that is watched for its subscribers. */
interface Topic {
  readonly subscribers: Set<Subscriber>
  readonly unwatch: () => void
  readonly closed: AbortController
  /** One read at a time. */
  readonly limit: LimitFunction
}

/** Any number of subscriptions to syncs in this process: each change of a sync is read once, whoever subscribes to it. */
export class SyncSubscriptions {
  readonly #storage: Pick<SyncStorage, 'get' | 'watch'>
  readonly #clock: Clock
  readonly #log: Pick<Log, 'error'>
  readonly #topics = new Map<string, Topic>()
  #draining = false

  constructor(storage: Pick<SyncStorage, 'get' | 'watch'>, clock: Clock, log: Pick<Log, 'error'> = silentLog) {
    this.#storage = storage
    this.#clock = clock
    this.#log = log
  }

  /** How many syncs are subscribed to. */
  get size(): number {
    return this.#topics.size
  }

  /**
   * Notifies of the sync soon, and again after each change, until the function that it returns is called. Changes in
   * quick succession may be merged into the last one. A storage that fails for a while delays notifications and loses
   * none. A subscriber that throws is notified of the sync as unreadable, with what it threw; what it throws then is
   * logged, and it is notified no more. Others go on.
   */
  subscribe(id: string, subscriber: Subscriber): () => void {
    if (this.#draining) {
      queueMicrotask(() => void this.#deliver(id, subscriber, { kind: 'draining' }))
      return () => {}
    }
    const topic = this.#topics.get(id) ?? this.#open(id)
    // A function of its own, so that one listener may subscribe twice.
    const own: Subscriber = (change) => subscriber(change)
    topic.subscribers.add(own)
    this.#read(id, topic)
    return () => {
      topic.subscribers.delete(own)
      if (topic.subscribers.size === 0) this.#close(id, topic)
    }
  }

  /** Notifies every subscriber that this instance is stopping, now and from now on. */
  drain(): void {
    this.#draining = true
    for (const [id, topic] of [...this.#topics]) {
      this.#notify(id, topic, { kind: 'draining' })
      this.#close(id, topic)
    }
  }

  #open(id: string): Topic {
    const topic: Topic = {
      subscribers: new Set(),
      unwatch: this.#storage.watch(id, () => this.#read(id, topic)),
      closed: new AbortController(),
      limit: pLimit(1),
    }
    this.#topics.set(id, topic)
    return topic
  }

  #close(id: string, topic: Topic): void {
    if (this.#topics.get(id) !== topic) return
    this.#topics.delete(id)
    topic.unwatch()
    topic.closed.abort()
  }

  /** Whatever changes during a read is read once more after it. */
  #read(id: string, topic: Topic): void {
    if (topic.limit.pendingCount > 0) return
    void topic.limit(async () => {
      const change = await this.#readChange(id, topic.closed.signal)
      if (change !== undefined) this.#notify(id, topic, change)
    })
  }

  async #readChange(id: string, signal: AbortSignal): Promise<SyncChange | undefined> {
    while (!signal.aborted) {
      try {
        const sync = await this.#storage.get(id)
        return sync === undefined ? { kind: 'gone' } : { kind: 'sync', sync }
      } catch (error) {
        // Whatever it was, subscribers are notified of it: nobody else waits for this read.
        if (!(error instanceof AppError) || !error.retryable) return { kind: 'unreadable', error }
      }
      await this.#clock.sleep(RETRY_MS, signal)
    }
    return undefined
  }
  #notify(id: string, { subscribers }: Topic, change: SyncChange): void {
    for (const subscriber of [...subscribers]) {
      // One that is notified may end the subscription of another.
      if (subscribers.has(subscriber) && !this.#deliver(id, subscriber, change)) subscribers.delete(subscriber)
    }
  }

  /** Never throws, as nobody would catch it: a defect of one subscriber must not end the process and all the others. */
  #deliver(id: string, subscriber: Subscriber, change: SyncChange): boolean {
    try {
      try {
        subscriber(change)
      } catch (error) {
        // What is stored may be unfit for the wire.
        subscriber({ kind: 'unreadable', error })
      }
      return true
    } catch (error) {
      this.#log.error({ err: error, syncId: id }, 'a subscriber to a sync failed; it is notified no more')
      return false
    }
  }
}
