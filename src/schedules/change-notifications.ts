import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../ports/clock.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import type { Log } from '../ports/log.ts'
import { readEntry } from '../ports/read-entry.ts'
import { channelsIn, channelsKey, digestOf } from './change-channel.ts'
import { recordPrefix } from './change-credential.ts'

/** Milliseconds between two goes at the storage, however many notifications come. */
const PAUSE_MS = 1000

/** Notifications of channels that are not known yet which wait for the next look at the storage. */
const WAITING_AT_MOST = 16

/** Longer ids and tokens are none of ours. */
const ID_LENGTH = 64
const TOKEN_LENGTH = 256

/** Where the poller of a credential looks whether it is to list changes now. */
export function wakeKey(credential: string): string {
  return `${credential}-wake`
}

export interface ChangeNotificationsOptions {
  /** Names of the credentials whose changes are watched. */
  readonly credentials: () => Promise<Iterable<string>>
  /** Where the channels are stored, and where pollers look for wake-ups. */
  readonly records: KeyValueStore
  readonly signals: KeyValueStore
  readonly clock: Clock
  readonly log: Log
}

interface KnownChannel {
  readonly credential: string
  readonly digest: Buffer
}

/**
 * What comes in by `POST /google/notifications`, at any process of the service. A notification whose channel and token are
 * ours wakes the poller of that credential through the storage; nothing else that it says is used. Taking one never waits
 * and never fails, and any number of them costs one read and one write of the storage a second.
 */
export class ChangeNotifications {
  readonly #options: ChangeNotificationsOptions
  #isOpen = false
  #known: readonly KnownChannel[] = []
  #unknown: Buffer[] = []
  readonly #toWake = new Set<string>()
  #work: Promise<void> | undefined
  readonly #closing = new AbortController()

  constructor(options: ChangeNotificationsOptions) {
    this.#options = options
  }

  /** Takes a notification by its channel and token. */
  receive(id: unknown, token: unknown): void {
    if (typeof id !== 'string' || typeof token !== 'string') return
    if (id.length > ID_LENGTH || token.length > TOKEN_LENGTH || this.#closing.signal.aborted) return
    const digest = digestOf(id, token)
    if (!this.#note(digest)) {
      if (this.#unknown.length >= WAITING_AT_MOST) return
      this.#unknown.push(digest)
    }
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined
    })
  }

  /** Resolves when nothing is under way any more. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#work
  }

  /** Has the poller of a channel's credential woken; answers whether the channel is known. All are compared, so that the time tells nothing. */
  #note(digest: Buffer): boolean {
    let isKnown = false
    for (const { credential, digest: known } of this.#known) {
      if (!timingSafeEqual(digest, known)) continue
      this.#toWake.add(credential)
      isKnown = true
    }
    return isKnown
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options
    const { signal } = this.#closing
    while (!signal.aborted && (this.#unknown.length > 0 || this.#toWake.size > 0)) {
      try {
        await this.#open()
        await this.#look()
        await this.#wake()
      } catch (error) {
        // The poll comes all the same.
        log.debug({ err: error }, 'a notification of a change could not be passed on')
      }
      await clock.sleep(PAUSE_MS, signal)
    }
  }

  async #open(): Promise<void> {
    if (this.#isOpen) return
    await this.#options.records.start()
    await this.#options.signals.start()
    this.#isOpen = true
  }

  async #look(): Promise<void> {
    if (this.#unknown.length === 0) return
    const waiting = this.#unknown
    this.#unknown = []
    const known: KnownChannel[] = []
    for (const name of await this.#options.credentials()) {
      const credential = recordPrefix(name)
      const { value } = await readEntry(this.#options.records, channelsKey(credential))
      const digests = channelsIn(value).map(({ digest }) => Buffer.from(digest, 'hex'))
      known.push(...digests.filter(({ length }) => length === 32).map((digest) => ({ credential, digest })))
    }
    this.#known = known
    for (const digest of waiting) this.#note(digest)
  }

  async #wake(): Promise<void> {
    const credentials = [...this.#toWake]
    this.#toWake.clear()
    const at = this.#options.clock.now().toISOString()
    for (const credential of credentials) await this.#options.signals.put(wakeKey(credential), { at })
  }
}
