import { PeriodicTask } from '../concurrency/periodic-task.ts'
import { AppError } from '../errors.ts'
import type { ChangeFeed } from '../ports/change-feed.ts'
import type { Clock } from '../ports/clock.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import type { Log } from '../ports/log.ts'
import { readEntry } from '../ports/read-entry.ts'
import { BeatFaults, type BeatStep } from './beat-faults.ts'
import { ChangeChannel } from './change-channel.ts'
import { recordPrefix } from './change-credential.ts'
import { wakeKey } from './change-notifications.ts'
import { ChangePoll, type SpreadsheetChange } from './change-poll.ts'
import { ChangeRecords, PollerSuperseded } from './change-records.ts'
import { LEASE_BEAT_MS, PollingLease } from './polling-lease.ts'
import { SAYS_AGAIN_MS, WatchingProcesses } from './watching-processes.ts'

/** Milliseconds between two looks at what there is to do: a notification is seen within two of them. */
const BEAT_MS = 1000

/** Milliseconds between two lists that notifications have brought forward. */
const WAKE_GAP_MS = 2000

/** Milliseconds between two looks at a spreadsheet that is in no change log. */
const ASK_INTERVAL_MS = 300_000

/** Milliseconds after which what is watched is read again, at the latest: a new schedule is not to wait for a long interval. */
const WATCHED_MS = 30_000

/** A spreadsheet that somebody wants to know the changes of. */
export interface WatchedSpreadsheet {
  readonly spreadsheetId: string
}

export interface ChangeWatcherOptions {
  /** Name of the credential. */
  readonly credential: string
  readonly feed: ChangeFeed
  /** What must outlive a restart; its namespace holds nothing else. */
  readonly records: KeyValueStore
  /** What is renewed all the time; may be a namespace that a crash of the storage empties. */
  readonly signals: KeyValueStore
  /** All spreadsheets to be watched with this credential; read once in an interval, or every half minute. One may be named several times. */
  readonly watched: () => AsyncIterable<WatchedSpreadsheet> | Promise<Iterable<WatchedSpreadsheet>>
  /** Told of each change, at least once, also of every spreadsheet that is watched for the first time. */
  readonly onChanged: (change: SpreadsheetChange) => Promise<void>
  /** Milliseconds between two lists of changes. */
  readonly intervalMs: number
  /** Milliseconds that a debounce waits for another change: while changes come, lists are twice as frequent. */
  readonly quietMs: number
  /** The https URL that Google is to notify; absent: changes are asked for at intervals alone. */
  readonly notifyAt?: string | undefined
  readonly askIntervalMs?: number
  readonly clock: Clock
  readonly log: Log
}

/**
 * Finds out which of the watched spreadsheets change. Of all processes that have one for the same credential, one polls,
 * and another goes on from its page tokens when it is gone. While nothing is watched Google is not called at all.
 */
export class ChangeWatcher {
  readonly #options: ChangeWatcherOptions
  /** What the keys of the records of the credential begin with. */
  readonly #prefix: string
  readonly #task: PeriodicTask
  /** Renews the lease, also while a list takes long. */
  readonly #renewals: PeriodicTask
  readonly #lease: PollingLease
  readonly #processes: WatchingProcesses
  readonly #channel: ChangeChannel | undefined
  #records: ChangeRecords
  /** What is known while this process polls. */
  #poll: ChangePoll | undefined
  #watched: ReadonlySet<string> = new Set()
  #isOpen = false
  #hasJoined = false
  /** What is being done. */
  #step: BeatStep = 'storage'
  readonly #faults: BeatFaults
  /** Wake-ups seen so far, and whether one is yet to be acted upon. */
  #wakeVersion: string | undefined
  #isWoken = false
  /** On the monotonic clock: when each is to be done next. */
  readonly #next = { watched: 0, lease: 0, join: 0, list: 0, ask: 0, wake: 0 }

  constructor(options: ChangeWatcherOptions) {
    this.#options = options
    const { records, signals, feed, notifyAt: address, clock, log } = options
    const credential = recordPrefix(options.credential)
    this.#prefix = credential
    this.#faults = new BeatFaults(log, options.credential)
    this.#records = new ChangeRecords(records, credential)
    this.#lease = new PollingLease(signals, clock, credential)
    this.#processes = new WatchingProcesses(records, credential)
    if (address !== undefined) this.#channel = new ChangeChannel({ feed, records, credential, address, clock, log })
    this.#task = new PeriodicTask({
      clock,
      intervalMs: () => (this.#watched.size === 0 ? Math.min(options.intervalMs, WATCHED_MS) : BEAT_MS),
      run: (signal) => this.#beat(signal),
      onError: (error) => this.#tell(error),
    })
    this.#renewals = new PeriodicTask({
      clock,
      intervalMs: LEASE_BEAT_MS,
      isDelayed: true,
      run: () => this.#renew(),
      onError: (error) => log.debug({ err: error }, 'the lease of the poller could not be renewed'),
    })
  }

  /** Whether this process is the one that polls. */
  get isPolling(): boolean {
    return this.#poll !== undefined
  }

  start(): void {
    this.#task.start()
    this.#renewals.start()
  }

  /** Forgets what it knew, as nobody wants to know of changes any more, and closes. Rejects with a failure of the storage. */
  async end(): Promise<void> {
    await this.#stop()
    await this.#rest().finally(() => this.close())
  }

  /** Lets another process poll, and stops Google's notifications where there is none. Idempotent. */
  async close(): Promise<void> {
    await this.#stop()
    this.#poll = undefined
    if (!this.#hasJoined) return
    this.#hasJoined = false
    await this.#lease.release()
    if (await this.#processes.leave()) await this.#channel?.end()
  }

  async #stop(): Promise<void> {
    await Promise.all([this.#task.stop(), this.#renewals.stop()])
  }

  async #beat(signal: AbortSignal): Promise<void> {
    this.#step = 'storage'
    await this.#open()
    const now = this.#options.clock.monotonic()
    if (now >= this.#next.watched) {
      this.#watched = await this.#readWatched()
      await this.#poll?.watch(this.#watched)
      this.#next.watched = now + Math.min(this.#options.intervalMs, WATCHED_MS)
    }
    if (this.#watched.size === 0) {
      await this.#rest()
      this.#faults.endAll()
      return
    }
    if (now >= this.#next.join) {
      await this.#processes.join()
      this.#hasJoined = true
      await this.#options.records.cleanup(this.#options.clock.now(), signal)
      this.#next.join = now + SAYS_AGAIN_MS
    }
    if (this.#poll === undefined && now >= this.#next.lease) {
      await this.#begin()
      this.#next.lease = now + LEASE_BEAT_MS
    }
    this.#faults.end('storage')
    if (this.#poll !== undefined) await this.#pollNow(this.#poll, now, signal)
  }

  async #open(): Promise<void> {
    if (this.#isOpen) return
    const { records, signals } = this.#options
    await records.start()
    await signals.start()
    this.#isOpen = true
  }

  async #readWatched(): Promise<ReadonlySet<string>> {
    const ids = new Set<string>()
    for await (const { spreadsheetId } of await this.#options.watched()) ids.add(spreadsheetId)
    return ids
  }

  async #renew(): Promise<void> {
    if (this.#poll !== undefined && !(await this.#lease.hold())) this.#poll = undefined
  }

  /** Begins to poll, if nobody else does. */
  async #begin(): Promise<void> {
    if (!(await this.#lease.hold())) return
    const { clock, records, credential, feed, onChanged, askIntervalMs = ASK_INTERVAL_MS, log } = this.#options
    this.#records = new ChangeRecords(records, this.#prefix)
    await this.#records.open()
    const begun = new ChangePoll({ feed, records: this.#records, onChanged, askIntervalMs, clock, log })
    await begun.watch(this.#watched)
    this.#poll = begun
    const now = clock.monotonic()
    Object.assign(this.#next, { list: now, ask: now, wake: now })
    log.debug({ credential }, 'this process polls for changes of spreadsheets')
  }

  async #pollNow(poll: ChangePoll, now: number, signal: AbortSignal): Promise<void> {
    const { clock, intervalMs, quietMs } = this.#options
    const isWoken = await this.#look()
    if (now >= this.#next.list || (isWoken && now >= this.#next.wake)) {
      this.#step = 'list'
      this.#isWoken = false
      this.#next.wake = now + WAKE_GAP_MS
      this.#next.list = now + intervalMs
      const hasChanged = await poll.list(signal)
      // What was changed is likely to change again, and a notification may be ahead of the list.
      if (hasChanged || isWoken) this.#next.list = now + Math.min(intervalMs, quietMs / 2)
      await this.#keepChannel(signal)
      this.#faults.end('list')
    }
    if (now >= this.#next.ask) {
      this.#step = 'ask'
      this.#next.ask = now + intervalMs
      const { asked, hasMore } = await poll.ask(signal)
      this.#next.ask = hasMore ? 0 : clock.monotonic() + BEAT_MS
      if (asked > 0) this.#faults.end('ask')
    }
  }

  /** Looks whether a notification has come since the last list. */
  async #look(): Promise<boolean> {
    if (this.#channel === undefined) return false
    const { version } = await readEntry(this.#options.signals, wakeKey(this.#prefix))
    if (version !== this.#wakeVersion) this.#isWoken = true
    this.#wakeVersion = version
    return this.#isWoken
  }

  async #keepChannel(signal: AbortSignal): Promise<void> {
    const token = this.#records.tokens.account
    if (token !== null) await this.#channel?.keep(token, signal)
  }

  /** Nothing is watched: what was known of the logs is of no use later. */
  async #rest(): Promise<void> {
    if (this.#poll === undefined) return
    this.#poll = undefined
    this.#next.lease = 0
    await this.#records.removeTokens()
    await this.#channel?.end()
    await this.#lease.release()
  }

  #tell(error: unknown): void {
    const { clock } = this.#options
    if (error instanceof PollerSuperseded) {
      this.#poll = undefined
      this.#next.lease = 0
      return
    }
    const code = error instanceof AppError ? error.code : 'INTERNAL'
    const again = clock.monotonic() + (error instanceof AppError ? (error.retryAfterSeconds ?? 0) * 1000 : 0)
    this.#next.list = Math.max(this.#next.list, again)
    this.#next.wake = Math.max(this.#next.wake, again)
    this.#next.ask = Math.max(this.#next.ask, again)
    this.#faults.begin(this.#step, code, error)
  }
}
