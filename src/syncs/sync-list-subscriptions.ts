import { LRUCache } from 'lru-cache'
import pMap from 'p-map'
import { PeriodicTask } from '../concurrency/periodic-task.ts'
import { AppError } from '../errors.ts'
import type { Sync } from '../model/sync.ts'
import { matchesFilter, matchesForGood, type SyncFilter } from '../model/sync-filter.ts'
import type { Clock } from '../ports/clock.ts'
import { type Log, silentLog } from '../ports/log.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'
import { type Caller, maySee } from './caller.ts'

/** Milliseconds between two rounds of notifications: what changes more often is merged into its latest change. */
const ROUND_MS = 250
/** Syncs that are read for one round; where more have changed, whoever lists them lists again. */
const MOST_CHANGED = 500
/** Syncs of which it is known who may see them, so that their removal can be told. */
const MOST_KNOWN = 10_000
/** Syncs that a subscriber was told to drop, so that it is told once. */
const MOST_DROPPED = 1000
const READS_AT_A_TIME = 8

/** What a subscriber to a list is notified of. */
export type SyncListChange =
  /** It belongs to the list: it is new there, or has changed. */
  | { readonly kind: 'sync'; readonly sync: Sync }
  /** It belongs to the list no more, or may never have. */
  | { readonly kind: 'removed'; readonly id: string }
  /** Anything may have changed: the list is to be read again. */
  | { readonly kind: 'reset' }
  /** This instance is stopping; another one may be subscribed to. Nothing follows. */
  | { readonly kind: 'draining' }

/** Called in each round with what has changed since the one before, be it nothing. */
export type ListSubscriber = (changes: readonly SyncListChange[]) => void

/** The list that is subscribed to. */
export interface SubscribedList {
  readonly caller: Caller
  readonly filter: Omit<SyncFilter, 'createdBy'>
}

interface Subscription extends SubscribedList {
  readonly subscriber: ListSubscriber
  readonly dropped: Set<string>
}

/** As much of a sync as says who may see it. */
type Sight = Parameters<typeof maySee>[1]

interface Known {
  readonly sight: Sight
  /** What subscribers were notified of last; infinite once it was removed. */
  readonly revision: number
}

interface Changed {
  readonly id: string
  /** As it is now; `undefined` where there is none any more, or none that can be shown. */
  readonly sync: Sync | undefined
  /** `undefined` where it is not known who could see it. */
  readonly sight: Sight | undefined
}

/**
 * Any number of subscriptions to lists of syncs in this process. The storage is watched once for all of them, a sync that
 * has changed is read once in a round, and nothing is read but what has changed.
 */
export class SyncListSubscriptions {
  readonly #storage: Pick<SyncStorage, 'get' | 'watchAll'>
  readonly #log: Pick<Log, 'error'>
  readonly #subscriptions = new Set<Subscription>()
  readonly #changed = new Set<string>()
  readonly #known = new LRUCache<string, Known>({ max: MOST_KNOWN })
  readonly #rounds: PeriodicTask
  #mustReset = false
  /** Resolves to what ends the watching, once changes are noticed. */
  #watching: Promise<() => void> | undefined
  #draining = false

  constructor(storage: Pick<SyncStorage, 'get' | 'watchAll'>, clock: Clock, log: Pick<Log, 'error'> = silentLog) {
    this.#storage = storage
    this.#log = log
    this.#rounds = new PeriodicTask({
      clock,
      intervalMs: ROUND_MS,
      isDelayed: true,
      run: () => this.#notifyAll(),
      onError: (error) => {
        this.#mustReset = true
        log.error({ err: error }, 'changes of the list of syncs could not be told; it is to be listed again')
      },
    })
  }

  get size(): number {
    return this.#subscriptions.size
  }

  /**
   * Resolves once every change of the list from now on will be told, to the function that ends that. A change is told
   * within a second, each sync's at most four times in one. A sync that the caller may not see is never told of, nor is its
   * removal. A subscriber that throws is logged and notified no more. Rejects as `SyncStorage.watchAll` does.
   */
  async subscribe(list: SubscribedList, subscriber: ListSubscriber): Promise<() => void> {
    const subscription: Subscription = { ...list, subscriber, dropped: new Set() }
    this.#subscriptions.add(subscription)
    const end = () => this.#end(subscription)
    const watching = this.#watching ?? this.#storage.watchAll((id) => this.#note(id))
    this.#watching = watching
    try {
      await watching
    } catch (error) {
      if (this.#watching === watching) this.#watching = undefined
      end()
      throw error
    }
    if (this.#draining) {
      queueMicrotask(() => this.#deliver(subscription, [{ kind: 'draining' }]))
      end()
    } else if (this.#subscriptions.has(subscription)) this.#rounds.start()
    return end
  }

  /** Notes who may see syncs that were listed, so that whoever has listed them can be told of their removal. */
  remember(syncs: readonly Sync[]): void {
    if (this.size === 0) return
    for (const sync of syncs) {
      if (!this.#known.has(sync.id)) this.#known.set(sync.id, { sight: sightOf(sync), revision: 0 })
    }
  }

  /** Notifies every subscriber that this instance is stopping, now and from now on. */
  drain(): void {
    this.#draining = true
    for (const subscription of [...this.#subscriptions]) {
      this.#deliver(subscription, [{ kind: 'draining' }])
      this.#end(subscription)
    }
  }

  #end(subscription: Subscription): void {
    if (!this.#subscriptions.delete(subscription) || this.size > 0) return
    this.#watching?.then(
      (stop) => stop(),
      () => {},
    )
    this.#watching = undefined
    this.#mustReset = false
    this.#changed.clear()
    this.#known.clear()
    void this.#rounds.stop()
  }

  #note(id: string | undefined): void {
    if (this.#mustReset || id === undefined || this.#changed.size >= MOST_CHANGED) {
      this.#mustReset = true
      this.#changed.clear()
    } else this.#changed.add(id)
  }

  async #notifyAll(): Promise<void> {
    const ids = [...this.#changed]
    this.#changed.clear()
    let changes: readonly Changed[] | 'reset' = 'reset'
    if (this.#mustReset) this.#mustReset = false
    else changes = (await pMap(ids, (id) => this.#read(id), { concurrency: READS_AT_A_TIME })).flat()
    for (const subscription of [...this.#subscriptions]) {
      if (!this.#subscriptions.has(subscription)) continue
      // The list that is read next may hold what the subscriber was told to drop.
      if (changes === 'reset') subscription.dropped.clear()
      const told =
        changes === 'reset' ? [{ kind: 'reset' } as const] : changes.flatMap((one) => tell(subscription, one))
      this.#deliver(subscription, told)
    }
  }

  /** Of what was told before nothing comes, as where a change is noticed twice. */
  async #read(id: string): Promise<Changed[]> {
    const known = this.#known.get(id)
    let sync: Sync | undefined
    try {
      sync = await this.#storage.get(id)
    } catch (error) {
      if (error instanceof AppError && error.retryable) {
        this.#note(id)
        return []
      }
      // A list leaves out what cannot be read.
    }
    const sight = sync === undefined ? known?.sight : sightOf(sync)
    const revision = sync?.revision ?? Number.POSITIVE_INFINITY
    if (known?.revision === revision) return []
    if (sight !== undefined) this.#known.set(id, { sight, revision })
    return [{ id, sync, sight }]
  }

  /** Never throws, as nobody would catch it: a defect of one subscriber must not end the process and all the others. */
  #deliver(subscription: Subscription, changes: readonly SyncListChange[]): void {
    try {
      subscription.subscriber(changes)
    } catch (error) {
      this.#log.error({ err: error }, 'a subscriber to the list of syncs failed; it is notified no more')
      this.#end(subscription)
    }
  }
}

/** What one subscriber is told of a change. */
function tell({ caller, filter, dropped }: Subscription, { id, sync, sight }: Changed): SyncListChange[] {
  // To say what was removed might name another's sync.
  if (sight === undefined) return [{ kind: 'reset' }]
  if (!maySee(caller, sight) || (sync !== undefined && !matchesForGood(sync, filter))) return []
  if (sync !== undefined && matchesFilter(sync, filter)) {
    dropped.delete(id)
    return [{ kind: 'sync', sync }]
  }
  if (dropped.has(id)) return []
  if (dropped.size >= MOST_DROPPED) dropped.clear()
  dropped.add(id)
  return [{ kind: 'removed', id }]
}

function sightOf({ createdBy, identity, spreadsheet }: Sync): Sight {
  return { createdBy, identity, spreadsheet: { id: spreadsheet.id } }
}
