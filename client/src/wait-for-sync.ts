import { answerError, jsonOf, networkError, retryAfterMsOf, SheetsyncError } from './error.ts'
import { readEvents } from './event-stream.ts'
import { limited, SILENCE_MS } from './limited-signal.ts'
import { backoffMs, pause } from './pause.ts'
import type { Sync } from './types.ts'

export interface WaitOptions {
  /** Told of each revision that is seen, oldest first; in between some may be left out, never the last one. */
  readonly onProgress?: (sync: Sync) => void
  /** Ends the wait: it rejects with the signal's reason. The sync goes on. */
  readonly signal?: AbortSignal
  /** `false` polls from the start, without a try at the event stream. */
  readonly stream?: boolean
}

/** Sends a GET with these headers beside those of every call. */
export type Get = (path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Response>

/** Milliseconds in which a stream must show its first byte, which the service sends at once: later, something holds it back. */
const FIRST_BYTE_MS = 4000
/** Milliseconds in which a poll must be answered. */
const POLL_TIMEOUT_MS = 15_000
/** Streams that break in a row without an event before polling is all that is done. */
const STREAM_TRIES = 3
/** How often in a row an answer that ends all hope must come before it is believed. */
const CONFIRMATIONS = 3
/** The same for an answer that is not the service's own, such as a proxy's or a dev server's that is not up yet. */
const FOREIGN_CONFIRMATIONS = 10

/**
 * Resolves to the sync once it has finished, in whichever way. Follows its event stream; where that is refused, breaks
 * or is held back, it polls. What a restart of the service looks like from here (no answer, 502 to 504, a short 404) is
 * sat out until the signal is aborted. Rejects with a {@link SheetsyncError} for what waiting cannot mend.
 */
export async function waitForSync(get: Get, id: string, options: WaitOptions = {}): Promise<Sync> {
  const wait = new Wait(get, id, options)
  return wait.run()
}

class Wait {
  readonly #get: Get
  readonly #path: string
  readonly #options: WaitOptions
  #latest: Sync | undefined
  #etag: string | undefined
  #mayStream: boolean
  #brokenStreams = 0
  #faults = 0
  /** Answers in a row that end all hope. */
  #hopeless = 0
  #retryMs = 1000

  constructor(get: Get, id: string, options: WaitOptions) {
    this.#get = get
    this.#path = `/syncs/${encodeURIComponent(id)}`
    this.#options = options
    this.#mayStream = options.stream ?? true
  }

  async run(): Promise<Sync> {
    const { signal } = this.#options
    for (;;) {
      signal?.throwIfAborted()
      let ms: number
      try {
        // A poll comes first, and after each stream that broke: it tells at once what a stream may be slow to.
        ms = await this.#poll()
        if (this.#latest?.finishedAt != null) return this.#latest
        if (this.#mayStream) {
          ms = await this.#stream()
          if (this.#latest?.finishedAt != null) return this.#latest
        }
      } catch (error) {
        signal?.throwIfAborted()
        ms = this.#weigh(error)
      }
      await pause(ms, signal)
    }
  }

  /** Resolves to the milliseconds until the next poll. */
  async #poll(): Promise<number> {
    const headers = this.#etag === undefined ? {} : { 'if-none-match': this.#etag }
    const limit = limited(this.#options.signal, POLL_TIMEOUT_MS)
    try {
      const response = await this.#get(this.#path, headers, limit.signal)
      if (response.status === 304) {
        await response.body?.cancel()
      } else {
        const body = await jsonOf(response)
        if (!response.ok || !isSync(body)) throw answerError(response, body)
        this.#etag = response.headers.get('etag') ?? undefined
        this.#tell(body)
      }
      this.#faults = 0
      this.#hopeless = 0
      return this.#latest?.pollAfterMs ?? retryAfterMsOf(response) ?? 500
    } finally {
      limit.clear()
    }
  }

  /** Follows the event stream until it ends; resolves to the milliseconds to wait before going on. */
  async #stream(): Promise<number> {
    const limit = limited(this.#options.signal, FIRST_BYTE_MS)
    let isAlive = false
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' }
      if (this.#latest !== undefined) headers['last-event-id'] = String(this.#latest.revision)
      const response = await this.#get(`${this.#path}/events`, headers, limit.signal)
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
      if (response.status !== 200 || !isStream || response.body === null) {
        await response.body?.cancel()
        // 204: there is nothing more to come, which the next poll shows. A server on its way out says 503.
        if (response.status !== 204 && response.status < 500 && response.status !== 429) this.#mayStream = false
        return retryAfterMsOf(response) ?? this.#retryMs
      }
      for await (const { event, retryMs } of readEvents(response.body)) {
        limit.extend(SILENCE_MS)
        isAlive = true
        if (retryMs !== undefined) this.#retryMs = retryMs
        if (event === undefined) continue
        this.#brokenStreams = 0
        if (event.type === 'sync') {
          this.#tell(JSON.parse(event.data) as Sync)
          if (this.#latest?.finishedAt != null) return 0
        } else if (event.type === 'deleted' || event.type === 'problem') {
          // The next poll says the same, with the status that goes with it.
          return 0
        }
      }
      this.#breakOff()
      return this.#retryMs * Math.random()
    } catch (error) {
      this.#options.signal?.throwIfAborted()
      // Open, and silent from the start: whatever stands between collects the answer until it ends.
      if (limit.isOver && !isAlive) this.#mayStream = false
      this.#breakOff()
      if (!isAlive && !limit.isOver) throw error
      return 0
    } finally {
      limit.close()
    }
  }

  #breakOff(): void {
    this.#brokenStreams += 1
    if (this.#brokenStreams >= STREAM_TRIES) this.#mayStream = false
  }

  #tell(sync: Sync): void {
    if (this.#latest !== undefined && sync.revision <= this.#latest.revision) return
    this.#latest = sync
    this.#options.onProgress?.(sync)
  }

  /** Resolves to the milliseconds to wait after a fault; throws what waiting cannot mend. */
  #weigh(thrown: unknown): number {
    const error = thrown instanceof SheetsyncError ? thrown : networkError(thrown)
    this.#faults += 1
    const { status, code } = error
    if (status === 404 || (status === 500 && code !== 'UNEXPECTED_ANSWER')) {
      this.#hopeless += 1
      const needed = code === 'UNEXPECTED_ANSWER' ? FOREIGN_CONFIRMATIONS : CONFIRMATIONS
      if (this.#hopeless >= needed) throw error
      return 500
    }
    this.#hopeless = 0
    if (status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429) throw error
    return Math.max(backoffMs(this.#faults), Math.min(error.retryAfterMs ?? 0, 60_000))
  }
}

function isSync(body: unknown): body is Sync {
  return typeof (body as Partial<Sync> | null)?.revision === 'number'
}
