import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { ReadContext } from '../ports/sheet-source.ts'
import { parseRetryAfter } from '../retry-after.ts'
import { CallFault } from './call-fault.ts'
import type { ReadTuning } from './read-tuning.ts'

/** The longest pause between two tries of a call. */
const LONGEST_MS = 64_000

/** How often an answer that covers less than was asked is asked for again before it is believed. */
const INCOMPLETE_TRIES = 3

/** Faults of the network in a row from which on Google may count as unreachable. */
const LEAST_SILENT_FAULTS = 3

export interface RetryOptions {
  readonly clock: Clock
  readonly log: Log
  readonly tuning: Pick<ReadTuning, 'unreachableMs'>
  readonly context: Pick<ReadContext, 'key' | 'onWait'>
}

/** Repeats the calls of one sync as long as that can help. */
export class Retries {
  readonly #options: RetryOptions
  /** Since when nothing but faults of the network was seen; `undefined` after anything else. */
  #silentSince: number | undefined
  #silentFaults = 0
  #hasAnswered = false

  constructor(options: RetryOptions) {
    this.#options = options
  }

  /**
   * Makes a call until it succeeds. `isEnough` may end that after a fault, with which this rejects once the pause after
   * it is over. Rejects with an AppError that no repeat can mend, and with the signal's reason.
   */
  async untilDone<T>(call: () => Promise<T>, signal: AbortSignal, isEnough = (_fault: CallFault) => false): Promise<T> {
    const { log, context } = this.#options
    let incomplete = 0
    for (let faults = 0; ; faults += 1) {
      try {
        const result = await call()
        this.#answered()
        return result
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof CallFault)) throw error
        log.warn({ syncId: context.key, fault: error.kind, faults: faults + 1 }, error.message)
        if (error.kind === 'incomplete') {
          incomplete += 1
          if (incomplete >= INCOMPLETE_TRIES)
            throw new AppError('GOOGLE_ANSWER_INCOMPLETE', error.message, { cause: error })
        }
        this.#giveUpOnSilence(error)
        const isOver = isEnough(error)
        await this.#pause(error, faults, signal)
        if (isOver) throw error
      }
    }
  }

  async #pause(fault: CallFault, faults: number, signal: AbortSignal): Promise<void> {
    if (fault.isPaced) return
    const { clock, context } = this.#options
    const ms = backoffMs(Math.min(faults, 10), { retryAfterMs: fault.retryAfterMs })
    if (fault.kind === 'quota') context.onWait(new Date(clock.now().getTime() + ms))
    await clock.sleep(ms, signal)
    signal.throwIfAborted()
    if (fault.kind === 'quota') context.onWait(undefined)
  }

  #answered(): void {
    this.#hasAnswered = true
    this.#silentSince = undefined
    this.#silentFaults = 0
  }

  /** Gives up on a Google that is not there; one that answers, if only errors, is waited for until the sync's deadline. */
  #giveUpOnSilence(fault: CallFault): void {
    const { clock, tuning } = this.#options
    const isSilent =
      fault.kind === 'network' || fault.kind === 'garbled' || (fault.kind === 'timeout' && !this.#hasAnswered)
    if (!isSilent) {
      if (fault.kind !== 'timeout') this.#answered()
      return
    }
    const now = clock.monotonic()
    this.#silentSince ??= now
    this.#silentFaults += 1
    if (this.#silentFaults < LEAST_SILENT_FAULTS || now - this.#silentSince < tuning.unreachableMs) return
    throw new AppError(
      fault.kind === 'garbled' ? 'GOOGLE_UNAVAILABLE' : 'GOOGLE_UNREACHABLE',
      `${fault.message} It was tried ${this.#silentFaults} times.`,
      { cause: fault },
    )
  }
}

/** Whether a fault may come of how much was asked for at a time. */
export function isTooMuch({ kind }: CallFault): boolean {
  return kind === 'timeout' || kind === 'unavailable' || kind === 'too-large'
}

/**
 * Milliseconds to wait before a call is made again: full jitter below `min(2^n s + up to 1 s, 64 s)` (Google,
 * "Resolve time-based quota errors": exponential backoff), or what the other side asked for, if that is longer.
 */
export function backoffMs(
  attempt: number,
  {
    retryAfterMs = 0,
    random = Math.random,
  }: { readonly retryAfterMs?: number | undefined; readonly random?: () => number } = {},
): number {
  const ceiling = Math.min(2 ** attempt * 1000 + random() * 1000, LONGEST_MS)
  return Math.max(retryAfterMs, Math.round(random() * ceiling))
}

/** Milliseconds that a `Retry-After` header asks to wait; `undefined` when it asks for none. */
export function retryAfterMs(header: unknown, now: Date): number | undefined {
  return parseRetryAfter(header, now) || undefined
}
