import type { Clock } from '../ports/clock.ts'
import { encodeEvent } from './open-event-stream.ts'

/** Bytes that are taken at a time, and so four times a second; a larger event is taken alone. */
const TAKEN_BYTES = 128 * 1024
/** Bytes and events that a stream may be behind; beyond them its client lists again. */
const MOST_BYTES = 1024 * 1024
const MOST_EVENTS = 1000
/** Milliseconds between two resets at the least: each has the client read its list. */
const RESET_INTERVAL_MS = 2000

const RESET = encodeEvent('reset', '{}')

/** What one stream of a list has yet to send: the latest event of each sync, or a reset where that would be too much. */
export class ListEventBuffer {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #events = new Map<string, Buffer>()
  #bytes = 0
  #mustReset = false
  #resetAt = Number.NEGATIVE_INFINITY

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Adds the event of a sync, in the place of an earlier one. */
  add(id: string, event: Buffer): void {
    // The list that is read after the reset will have it.
    if (this.#mustReset) return
    this.#bytes += event.length - (this.#events.get(id)?.length ?? 0)
    this.#events.delete(id)
    this.#events.set(id, event)
    const isTooMuch = this.#events.size > MOST_EVENTS || this.#bytes > MOST_BYTES
    if (isTooMuch && this.#events.size > 1) this.reset()
  }

  /** Has a reset sent instead of all that is yet to be sent. */
  reset(): void {
    this.#mustReset = true
    this.#events.clear()
    this.#bytes = 0
  }

  /** The next events to send, few enough to be sent at once; none while there is nothing to send, or not yet. */
  take(): Buffer[] {
    if (this.#mustReset) {
      const now = this.#clock.monotonic()
      if (now - this.#resetAt < RESET_INTERVAL_MS) return []
      this.#resetAt = now
      this.#mustReset = false
      return [RESET]
    }
    const taken: Buffer[] = []
    let bytes = 0
    for (const [id, event] of this.#events) {
      bytes += event.length
      if (taken.length > 0 && bytes > TAKEN_BYTES) break
      taken.push(event)
      this.#events.delete(id)
      this.#bytes -= event.length
    }
    return taken
  }
}
