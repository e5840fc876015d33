import type { ServerResponse } from 'node:http'
import { PeriodicTask } from '../concurrency/periodic-task.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

/** Milliseconds between two checks of the open streams. */
const CHECK_INTERVAL_MS = 1000

/** A comment is sent after this much silence, so that with the interval above 15 seconds never pass without a byte. */
const SILENCE_MS = 14_000

/** Milliseconds that one write may wait for its reader before the stream is dropped. */
const STALL_MS = 20_000

/** As above, when the process is about to end. */
const HURRY_MS = 1000

const PING = Buffer.from(': ping\n\n')

/** The bytes of an event, or of several; shared by all streams that send them. */
type Events = Uint8Array | readonly Uint8Array[]

/** The open event streams of this process: keeps them alive, and drops readers that have stopped reading. */
export class EventStreams {
  readonly #clock: Clock
  readonly #open = new Set<EventStream>()
  readonly #checks: PeriodicTask

  constructor(clock: Clock, log: Pick<Log, 'error'>) {
    this.#clock = clock
    this.#checks = new PeriodicTask({
      clock,
      intervalMs: CHECK_INTERVAL_MS,
      isDelayed: true,
      run: () => {
        for (const stream of this.#open) {
          try {
            stream.check()
          } catch (error) {
            // A check only writes to a stream and destroys it; what it throws is a defect, which is to end no other stream.
            log.error({ err: error }, 'an event stream could not be checked; it is dropped')
            stream.drop()
          }
        }
      },
      onError: (error) => log.error({ err: error }, 'the event streams could not be checked; they are checked again'),
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
  #next: Events | undefined
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

  /** Whether what was sent last is taken, so that nothing is replaced by what is sent now. */
  get isTaken(): boolean {
    return !this.#writing && this.#next === undefined
  }

  /** Sends an event, or several, as soon as the reader has taken what came before. After {@link finish} it does nothing. */
  send(events: Events): void {
    if (this.#lastIsNext || events.length === 0) return
    this.#next = events
    this.#write()
  }

  /** Sends a last event and ends the stream. */
  finish(event: Uint8Array): void {
    this.send(event)
    this.#lastIsNext = true
  }

  /** Like {@link finish}, but drops a reader that has not taken the last event for a while: there is no time to wait. */
  finishNow(bytes: Uint8Array): void {
    if (this.#writing && this.#clock.monotonic() - this.#wroteAt >= HURRY_MS) this.drop()
    else this.finish(bytes)
  }

  /** Ends the stream without a last event. */
  drop(): void {
    this.#response.destroy()
  }

  /** Pings a stream that was silent, drops one whose reader does not read. */
  check(): void {
    const still = this.#clock.monotonic() - this.#wroteAt
    if (this.#writing || this.#lastIsNext) {
      if (still >= STALL_MS) this.drop()
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
    const events = next instanceof Uint8Array ? [next] : next
    const several = events.length > 1
    if (several) this.#response.cork()
    for (const event of events.slice(0, -1)) this.#response.write(event)
    // Called when the operating system has taken the bytes, or the stream is closed.
    this.#response.write(events.at(-1) ?? PING, (error) => {
      this.#writing = false
      if (error) return
      if (this.#next !== undefined) this.#write()
      else if (this.#lastIsNext) this.#response.end()
    })
    if (several) this.#response.uncork()
  }
}
