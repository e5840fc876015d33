import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { ChangeFeed } from '../ports/change-feed.ts'
import type { Clock } from '../ports/clock.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import type { Log } from '../ports/log.ts'
import { readEntry } from '../ports/read-entry.ts'

/** The longest that a channel of `changes.watch` lives (Drive, "Push notifications"). */
const LIFE_MS = 7 * 86_400_000

/** What of its life a channel has had when the next one is opened: a day is left of seven. */
const RENEWED_AFTER = 6 / 7

/** Milliseconds for which the old channel goes on beside the new one. */
const OVERLAP_MS = 300_000

/** Milliseconds before Google is asked again for a channel that it has refused: ever longer, up to this. */
const FIRST_RETRY_MS = 60_000
const LONGEST_RETRY_MS = 3_600_000

/** Milliseconds that a shutdown waits for Google to stop a channel; one that it does not stop ends by itself. */
const STOP_MS = 3000

const channel = z.object({
  id: z.string(),
  /** Of id and token, in hex; the token itself is kept nowhere. */
  digest: z.string(),
  resourceId: z.string(),
  address: z.string(),
  openedAt: z.number(),
  endsAt: z.number(),
})
type Channel = z.output<typeof channel>
const channels = z.object({ channels: z.array(channel) })

/** What is stored in place of a channel's token, and compared with it. */
export function digestOf(id: string, token: string): Buffer {
  return createHash('sha256').update(`${id}\n${token}`).digest()
}

/** Where the channels of a credential are stored. */
export function channelsKey(credential: string): string {
  return `${credential}-channels`
}

/** Reads the channels of a stored value; a record that is damaged holds none. */
export function channelsIn(value: unknown): readonly Channel[] {
  return channels.safeParse(value).data?.channels ?? []
}

export interface ChangeChannelOptions {
  readonly feed: ChangeFeed
  readonly records: KeyValueStore
  readonly credential: string
  /** Where Google is to send notifications: an https URL. */
  readonly address: string
  readonly clock: Clock
  readonly log: Log
}

/**
 * The one channel by which Google notifies of changes to the account's log. Times are those of the wall clock, as Google
 * ends a channel by its own. Whatever fails is tried again later: the poll goes on without.
 */
export class ChangeChannel {
  readonly #options: ChangeChannelOptions
  #retryAt = Number.NEGATIVE_INFINITY
  #retryMs = FIRST_RETRY_MS

  constructor(options: ChangeChannelOptions) {
    this.#options = options
  }

  /** Opens a channel if there is none, or the one there is ends soon; stops what it replaces a while later. Rejects only with a storage's failure. */
  async keep(token: string, signal: AbortSignal): Promise<void> {
    const { records, credential, address, clock } = this.#options
    const { value, version } = await readEntry(records, channelsKey(credential))
    const now = clock.now().getTime()
    const all = channelsIn(value)
    const live = all.filter(({ endsAt }) => endsAt > now)
    const newest = live.findLast((each) => each.address === address)
    const isFresh = newest !== undefined && now < newest.openedAt + (newest.endsAt - newest.openedAt) * RENEWED_AFTER
    const opened = isFresh || clock.monotonic() < this.#retryAt ? undefined : await this.#open(token, signal)
    const current = opened ?? newest
    const replaced = live.filter(
      (each) => each !== newest && current !== undefined && now >= current.openedAt + OVERLAP_MS,
    )
    for (const each of replaced) await this.#stop(each, signal)
    const kept = [...live.filter((each) => !replaced.includes(each)), ...(opened ? [opened] : [])]
    if (opened === undefined && kept.length === all.length) return
    const stored = await records.compareAndSwap(channelsKey(credential), version, { channels: kept })
    // Another poller has taken over and has its own.
    if (stored === undefined && opened !== undefined) await this.#stop(opened, signal)
  }

  /** Stops every channel there is. */
  async end(): Promise<void> {
    const { records, credential } = this.#options
    const { value, version } = await readEntry(records, channelsKey(credential))
    const open = channelsIn(value)
    if (open.length === 0) return
    const signal = AbortSignal.timeout(STOP_MS)
    await Promise.all(open.map((each) => this.#stop(each, signal)))
    await records.remove(channelsKey(credential), version)
  }

  async #open(token: string, signal: AbortSignal): Promise<Channel | undefined> {
    const { feed, address, clock, log } = this.#options
    const now = clock.now().getTime()
    const id = randomUUID()
    const secret = randomBytes(32).toString('base64url')
    const asked = { id, token: secret, address, expiresAt: new Date(now + LIFE_MS) }
    try {
      const { resourceId, expiresAt } = await feed.watch(asked, token, signal)
      this.#retryMs = FIRST_RETRY_MS
      log.info({ until: expiresAt.toISOString() }, 'Google notifies of changes')
      const digest = digestOf(id, secret).toString('hex')
      return { id, digest, resourceId, address, openedAt: now, endsAt: expiresAt.getTime() }
    } catch (error) {
      signal.throwIfAborted()
      log.warn({ err: error }, 'Google does not notify of changes; they are asked for at intervals alone')
      this.#retryAt = clock.monotonic() + this.#retryMs
      this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS)
      return undefined
    }
  }

  async #stop({ id, resourceId }: Channel, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.feed.stop(id, resourceId, signal)
    } catch (error) {
      this.#options.log.debug({ err: error }, 'a channel of notifications could not be stopped; it ends by itself')
    }
  }
}
