import type { ServerResponse } from 'node:http'
import { PeriodicTask } from '../concurrency/periodic-task.ts'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Caller } from '../syncs/caller.ts'

/** Milliseconds between two checks of the open streams. */
const CHECK_INTERVAL_MS = 1000

/** A comment is sent after this much silence, so that with the interval above 15 seconds never pass without a byte. */
const SILENCE_MS = 14_000

/** Milliseconds that one write may wait for its reader before the stream is dropped. */
const STALL_MS = 20_000

/** As above, when the process is about to end. */
const HURRY_MS = 1000

const PING = Buffer.from(': ping\n\n')

/** The open event streams of this process: keeps them alive, and drops readers that have stopped reading. */
export class EventStreams {
  readonly #clock: Clock
  readonly #open = new Set<EventStream>()
  readonly #checks: PeriodicTask

  constructor(clock: Clock) {
    this.#clock = clock
    this.#checks = new PeriodicTask({
      clock,
      intervalMs: CHECK_INTERVAL_MS,
      isDelayed: true,
      run: () => {
        for (const stream of this.#open) stream.check()
      },
      // A check only writes to streams and destroys them; what it throws is a defect.
      onError: (error) => {
        throw error
      },
    })
  }

  /** Takes over a response whose head is written. `onClose` is called once, however the stream ends. */
  open(response: ServerResponse, onClose: () => void): EventStream {
    const stream = new EventStream(response, this.#clock)
    this.#open.add(stream)
    response.once('close', () => {
      this.#open.delete(stream)
      if (this.#open.size === 0) void this.#checks.stop()
      onClose()
    })
    this.#checks.start()
    return stream
  }
}

/**
 * One reader of events. However slow it is, it costs no more than the event that is on its way and the one that is next:
 * an event that comes before the last one was taken replaces it.
 */
export class EventStream {
  readonly #response: ServerResponse
  readonly #clock: Clock
  #next: Uint8Array | undefined
  #writing = false
  #lastIsNext = false
  #wroteAt: number

  constructor(response: ServerResponse, clock: Clock) {
    this.#response = response
    this.#clock = clock
    this.#wroteAt = clock.monotonic()
    // A connection that breaks closes the response, which is what counts; without a listener it would end the process.
    response.on('error', () => response.destroy())
  }

  /** Sends an event as soon as the reader has taken the one before. After {@link finish} it does nothing. */
  send(event: Uint8Array): void {
    if (this.#lastIsNext) return
    this.#next = event
    this.#write()
  }

  /** Sends a last event and ends the stream. */
  finish(event: Uint8Array): void {
    this.send(event)
    this.#lastIsNext = true
  }

  /** Like {@link finish}, but drops a reader that has not taken the last event for a while: there is no time to wait. */
  finishNow(bytes: Uint8Array): void {
    if (this.#writing && this.#clock.monotonic() - this.#wroteAt >= HURRY_MS) this.#response.destroy()
    else this.finish(bytes)
  }

  /** Pings a stream that was silent, drops one whose reader does not read. */
  check(): void {
    const still = this.#clock.monotonic() - this.#wroteAt
    if (this.#writing || this.#lastIsNext) {
      if (still >= STALL_MS) this.#response.destroy()
    } else if (still >= SILENCE_MS) {
      this.send(PING)
    }
  }

  #write(): void {
    const next = this.#next
    if (this.#writing || next === undefined) return
    this.#next = undefined
    this.#writing = true
    this.#wroteAt = this.#clock.monotonic()
    // Called when the operating system has taken the bytes, or the stream is closed.
    this.#response.write(next, (error) => {
      this.#writing = false
      if (error) return
      if (this.#next !== undefined) this.#write()
      else if (this.#lastIsNext) this.#response.end()
    })
  }
}

/** Limits the event streams that each API key has open. Without keys nothing is counted. */
export class StreamLimit {
  readonly #mostPerKey: number
  readonly #open = new Map<string, Set<symbol>>()

  constructor(mostPerKey = Number.POSITIVE_INFINITY) {
    this.#mostPerKey = mostPerKey
  }

  /** Takes a place for a stream, or throws TOO_MANY_STREAMS. The function that comes back gives it back; it may be called again. */
  open({ name }: Caller): () => void {
    if (name === null) return () => {}
    const open = this.#open.get(name) ?? new Set()
    if (open.size >= this.#mostPerKey) {
      const detail = `The API key ${name} may have ${this.#mostPerKey} event streams open at a time.`
      throw new AppError('TOO_MANY_STREAMS', detail, { retryAfterSeconds: 5 })
    }
    const stream = Symbol(name)
    this.#open.set(name, open.add(stream))
    return () => void open.delete(stream)
  }
}
