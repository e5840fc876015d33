import { lookup as systemLookup } from 'node:dns'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { Clock } from '../ports/clock.ts'
import type { SendResult, WebhookMessage, WebhookSender } from '../ports/webhook-sender.ts'
import { parseRetryAfter } from '../retry-after.ts'
import { createDnsLookup } from './dns-lookup.ts'
import { isPublicAddress } from './public-address.ts'
import { signatureHeaders } from './signature.ts'
import { faultOfUrl } from './url-rules.ts'

/** Milliseconds that an attempt may take, from the lookup of the name to the end of the answer. */
const TIMEOUT_MS = 15_000

/** Bytes of an answer's body that are read, and thrown away, so that the receiver can end in peace. */
const MOST_BODY_BYTES = 64 * 1024

/** Words for what can happen below HTTP; never the error's own, which may name addresses of a network that is not the caller's. */
const REASONS: readonly (readonly [code: RegExp, reason: string])[] = [
  [/^ENOTFOUND$/, 'the name of the host does not resolve'],
  [/^EAI_AGAIN$/, 'the name of the host could not be resolved'],
  [/^ECONNREFUSED$/, 'the connection was refused'],
  [/^(?:ECONNRESET|EPIPE)$/, 'the connection was broken off'],
  [/^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/, 'the host could not be reached'],
  [/^E[MN]FILE$/, 'this service has too many open files'],
  [/^CERT_HAS_EXPIRED$/, 'the TLS certificate has expired'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'the TLS certificate is for another name'],
  [/SELF_SIGNED_CERT|^UNABLE_TO_VERIFY|^UNABLE_TO_GET_ISSUER/, 'the TLS certificate is not trusted'],
]

export interface HttpSenderOptions {
  /** Keys that every message is signed with. */
  readonly keys: readonly Uint8Array[]
  /** Whether http, any port, and addresses that are not public are allowed. */
  readonly insecure: boolean
  readonly clock: Clock
  /** Milliseconds that an attempt may take. Default: 15 s. */
  readonly timeoutMs?: number
  /** How names become addresses. Default: by name servers alone, and with `insecure` as the system does it. */
  readonly lookup?: LookupFunction
}

/**
 * POSTs messages over connections of their own. What a name resolves to is checked in the lookup that the connection is
 * made with, so there is no second answer that could differ; redirects are not followed.
 */
export class HttpSender implements WebhookSender {
  readonly #options: HttpSenderOptions
  readonly #lookup: LookupFunction

  constructor(options: HttpSenderOptions) {
    this.#options = options
    this.#lookup = options.lookup ?? (options.insecure ? (systemLookup as LookupFunction) : createDnsLookup())
  }

  async send(url: string, message: WebhookMessage, signal: AbortSignal): Promise<SendResult> {
    const { insecure, timeoutMs = TIMEOUT_MS } = this.#options
    // Settings may have become stricter since the URL was taken.
    const fault = faultOfUrl(url, { insecure })
    if (fault !== undefined) return { status: null, error: `the URL ${fault.message}` }
    const timeout = AbortSignal.timeout(timeoutMs)
    try {
      return await this.#post(new URL(url), message, AbortSignal.any([signal, timeout]))
    } catch (error) {
      signal.throwIfAborted()
      if (timeout.aborted) return { status: null, error: `there was no answer within ${timeoutMs / 1000} s` }
      return { status: null, error: reasonOf(error) }
    }
  }

  async #post(url: URL, message: WebhookMessage, signal: AbortSignal): Promise<SendResult> {
    const { keys, clock } = this.#options
    const options = {
      method: 'POST',
      // A connection of its own, which ends with the message.
      agent: false as const,
      lookup: this.#guardedLookup,
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(message.body),
        'user-agent': 'Sheetsync-Webhooks/1',
        accept: '*/*',
        ...signatureHeaders(keys, message, clock.now()),
      },
    }
    const request = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, options).end(message.body)
    const closed = new Promise((resolve) => request.once('close', resolve))
    // What breaks before the status came rejects `once`; what breaks after it is of no interest.
    request.on('error', () => undefined)
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    answer.on('error', () => undefined)
    let bytes = 0
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MOST_BODY_BYTES) request.destroy()
    })
    await closed
    return readStatus(answer, clock.now())
  }

  /** Refuses a name one of whose addresses is not public. What the URL itself has for an address was checked before. */
  readonly #guardedLookup: LookupFunction = (hostname, options, callback) => {
    this.#lookup(hostname, options, (error, found, family) => {
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found]
      const refused = error === null && !this.#options.insecure && !addresses.every(isPublicAddress)
      callback(refused ? new AddressRefused() : error, found, family)
    })
  }
}

class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

function readStatus({ statusCode = 0, headers }: IncomingMessage, now: Date): SendResult {
  if (statusCode >= 200 && statusCode < 300) return { status: statusCode, error: null }
  const retryAfterMs = parseRetryAfter(headers['retry-after'], now)
  const redirected = statusCode >= 300 && statusCode < 400
  const why = redirected ? '; redirects are not followed' : ' where a 2xx takes the message'
  const result = { status: statusCode, error: `it answered ${statusCode}${why}` }
  return retryAfterMs === undefined ? result : { ...result, retryAfterMs }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) throw error
  if (error instanceof AddressRefused) return 'the host has an address that is not public'
  // Several addresses were tried: the last of them speaks for all.
  const one: unknown = error instanceof AggregateError ? error.errors.at(-1) : error
  const code = one instanceof Error && 'code' in one ? String(one.code) : ''
  const known = REASONS.find(([pattern]) => pattern.test(code))?.[1]
  return known ?? `the request failed${code === '' ? '' : ` (${code})`}`
}
