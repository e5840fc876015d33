import { z } from 'zod'
import type { EmulatorCall } from './calls.ts'
import type { FaultAction } from './faults.ts'
import { GoogleError } from './google-error.ts'

/** Milliseconds that a channel of `changes.watch` lives at most, and where nobody says how long (Drive, "Push notifications"). */
const LONGEST_MS = 604_800_000
const DEFAULT_MS = 3_600_000
/** Notifications remembered. */
const KEPT = 1_000
const RESOURCE_ID = 'o3hgv1538sdjfh'

const CHANNEL = z.object({
  id: z.string().regex(/^[A-Za-z0-9\-_+/=]{1,64}$/),
  type: z.enum(['web_hook', 'webhook']),
  address: z.url(),
  token: z.string().max(256).optional(),
  expiration: z.coerce.number().optional(),
})
const STOP = z.object({ id: z.string(), resourceId: z.string() })

/** One notification, sent or lost. */
export interface EmulatorNotification {
  readonly channelId: string
  readonly state: 'sync' | 'change'
  readonly number: number
  /** What the receiver answered; 0 where it was lost, is still to be sent, or reached nobody. */
  status: number
}

export interface ChannelsOptions {
  readonly now: () => number
  /** Where notifications go in place of the origin of a channel's address. */
  readonly origin: string | undefined
  /** The fault of a notification, if one waits for it. */
  readonly fault: (call: Pick<EmulatorCall, 'kind' | 'spreadsheetId' | 'query'>) => FaultAction | undefined
}

interface Channel extends z.output<typeof CHANNEL> {
  readonly until: number
  /** The account that opened it; absent: nobody that a token told. */
  readonly account: string | undefined
  readonly resourceUri: string
  number: number
}

/** Channels of `changes.watch`, and the notifications that they send by HTTP. */
export class Channels {
  readonly #options: ChannelsOptions
  readonly #open = new Map<string, Channel>()
  readonly #used = new Set<string>()
  readonly #sending = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  readonly notifications: EmulatorNotification[] = []

  constructor(options: ChannelsOptions) {
    this.#options = options
  }

  /** Channels that are open now. */
  get ids(): readonly string[] {
    const now = this.#options.now()
    return [...this.#open.values()].filter(({ until }) => until > now).map(({ id }) => id)
  }

  /** Opens a channel, whose first notification is `sync`. Throws Google's refusals. */
  open(body: string, resourceUri: string, account: string | undefined): object {
    const asked = CHANNEL.safeParse(jsonOf(body))
    if (!asked.success) {
      const [issue] = asked.error.issues
      const member = String(issue?.path[0] ?? 'entity')
      throw new GoogleError(400, `entity.${member} is required or invalid`, {
        reason: member === 'id' ? 'channelIdInvalid' : 'required',
        location: { locationType: 'other', location: `entity.${member}` },
      })
    }
    const { id, address, token, expiration } = asked.data
    if (!address.startsWith('https://')) {
      throw new GoogleError(401, `WebHook callback must be HTTPS: ${address}`, { reason: 'push.webhookUrlNotHttps' })
    }
    if (this.#used.has(id)) {
      throw new GoogleError(400, `Channel id ${id} not unique`, { reason: 'channelIdNotUnique' })
    }
    const now = this.#options.now()
    const until = Math.min(expiration ?? now + DEFAULT_MS, now + LONGEST_MS)
    const channel: Channel = { ...asked.data, until, account, resourceUri, number: 1 }
    this.#used.add(id)
    this.#open.set(id, channel)
    this.#send(channel, 'sync')
    return {
      kind: 'api#channel',
      id,
      resourceId: RESOURCE_ID,
      resourceUri,
      ...(token !== undefined && { token }),
      expiration: String(until),
    }
  }

  /** Ends a channel. Throws Google's 404 for one that is not there. */
  stop(body: string): void {
    const { data } = STOP.safeParse(jsonOf(body))
    if (data === undefined || data.resourceId !== RESOURCE_ID || !this.#open.delete(data.id)) {
      throw new GoogleError(404, `Channel '${data?.id ?? ''}' not found for project '123456789012'`)
    }
  }

  /** Notifies every open channel of a change that its account sees. */
  notify(isSeenBy: (account: string | undefined) => boolean): void {
    const now = this.#options.now()
    for (const channel of this.#open.values()) {
      if (channel.until <= now) this.#open.delete(channel.id)
      else if (isSeenBy(channel.account)) this.#send(channel, 'change')
    }
  }

  /** Resolves when no notification is under way any more; those that are late are given up. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#sending)
  }

  #send(channel: Channel, state: EmulatorNotification['state']): void {
    // "Message numbers increase for each subsequent message on the channel, but they are not sequential."
    if (state === 'change') channel.number += 1 + (channel.number % 4)
    const notification = { channelId: channel.id, state, number: channel.number, status: 0 }
    this.notifications.push(notification)
    if (this.notifications.length > KEPT) this.notifications.shift()
    const fault = this.#options.fault({ kind: 'notification', spreadsheetId: '', query: new URLSearchParams() })
    if (fault !== undefined && 'kind' in fault && fault.kind === 'lost') return
    const lateMs = fault !== undefined && 'kind' in fault && fault.kind === 'slow' ? fault.ms : 0
    const sending = this.#post(channel, notification, lateMs).finally(() => this.#sending.delete(sending))
    this.#sending.add(sending)
  }

  async #post(channel: Channel, notification: EmulatorNotification, lateMs: number): Promise<void> {
    const { signal } = this.#closing
    if (lateMs > 0) await late(lateMs, signal)
    if (signal.aborted) return
    const { state } = notification
    const { origin } = this.#options
    const at = new URL(channel.address)
    const url = origin === undefined ? at : new URL(`${at.pathname}${at.search}`, origin)
    const isChange = state === 'change'
    try {
      const response = await fetch(url, {
        method: 'POST',
        signal,
        headers: {
          accept: '*/*',
          'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
          // As Google spells it: no parameter in the sense of RFC 9110.
          ...(isChange && { 'content-type': 'application/json; utf-8' }),
          'x-goog-channel-id': channel.id,
          'x-goog-channel-expiration': new Date(channel.until).toUTCString(),
          'x-goog-resource-state': state,
          'x-goog-message-number': String(notification.number),
          'x-goog-resource-id': RESOURCE_ID,
          'x-goog-resource-uri': channel.resourceUri,
          ...(channel.token !== undefined && { 'x-goog-channel-token': channel.token }),
        },
        ...(isChange && { body: '{"kind":"drive#changes"}' }),
      })
      await response.arrayBuffer()
      notification.status = response.status
    } catch {
      // Nobody is there: Google, too, sends on.
    }
  }
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function late(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
