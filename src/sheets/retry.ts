import { abortable } from '../concurrency/abortable.ts'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { ReadContext } from '../ports/sheet-source.ts'
import { parseRetryAfter } from '../retry-after.ts'
import { CallFault, TokenRefused } from './call-fault.ts'
import { type CallState, CurrentFault } from './current-fault.ts'
import { FaultStreak } from './fault-streak.ts'
import type { ReadTuning } from './read-tuning.ts'

/** The longest pause between two tries of a call. */
const LONGEST_MS = 64_000

/** The same, while this process itself is what is hindered: a try then costs nobody anything. */
const LONGEST_LOCAL_MS = 5000

/** How often an answer that covers less than was asked is asked for again before it is believed. */
const INCOMPLETE_TRIES = 3

/**
 * Milliseconds of nothing but faults, or of one pause, from which on any other sync may run in the place of this one; one
 * of an owner who has less may from the first fault on.
 */
const LONG_MS = 5000

export interface RetryOptions {
  readonly clock: Clock
  readonly log: Log
  readonly tuning: Pick<ReadTuning, 'unreachableMs' | 'unavailableMs'>
  readonly context: Pick<ReadContext, 'key' | 'onWait' | 'onFault' | 'slot'>
}

/** What is done about a fault. `split` waits as a repeat does. */
export type Verdict = 'repeat' | 'split' | 'give-up'

export interface RepeatOptions {
  readonly signal: AbortSignal
  /** What the call asks for, such as `"Orders"`, for a user to read; absent where it is the spreadsheet itself. */
  readonly about?: string | undefined
  /** The state of the call that this one is a part of. */
  readonly from?: CallState | undefined
  /** Called with each fault, the number of those so far, and the state of the call, from which its parts go on. */
  readonly judge?: (fault: CallFault, faults: number, state: CallState) => Verdict
}

/** Repeats the calls of one sync as long as that can help. */
export class Retries {
  readonly #options: RetryOptions
  readonly #fault: CurrentFault
  /** Faults of all calls since the last success. */
  readonly #streak = new FaultStreak()
  #hasAnswered = false
  #calls = 0
  #pauses = 0
  #acquiring: Promise<void> | undefined

  constructor(options: RetryOptions) {
    this.#options = options
    this.#fault = new CurrentFault(options.clock, options.context.onFault)
  }

  /**
   * Makes a call until it succeeds. Rejects with the fault after which it is to be split or given up, with an AppError
   * when no repeat can help, and with the signal's reason.
   */
  async untilDone<T>(call: (state: CallState) => Promise<T>, options: RepeatOptions): Promise<T> {
    const { signal, about, from, judge = () => 'repeat' } = options
    const { log, context } = this.#options
    const state = this.#fault.begin(from)
    const streak = new FaultStreak()
    let incomplete = 0
    let isTokenNew = false
    this.#calls += 1
    try {
      for (let faults = 1; ; faults += 1) {
        try {
          state.goesOn()
          const result = await call(state)
          this.#streak.end()
          this.#hasAnswered = true
          await this.haveSlot(signal)
          return result
        } catch (error) {
          signal.throwIfAborted()
          if (!(error instanceof CallFault)) throw error
          log.debug({ syncId: context.key, fault: error.kind, faults }, error.message)
          if (error instanceof TokenRefused) {
            if (isTokenNew) throw error.failure
            isTokenNew = true
            continue
          }
          if (error.kind === 'incomplete') incomplete += 1
          const verdict = judge(error, faults, state)
          if (verdict === 'give-up') throw error
          if (incomplete >= INCOMPLETE_TRIES || (error.kind === 'too-large' && verdict === 'repeat')) {
            throw new AppError(error.code, withSubject(error.message, about), { cause: error })
          }
          this.#giveUpInTime(error, streak, about)
          if (error.kind !== 'too-large') await this.#pause(error, faults - 1, state, options)
          if (verdict === 'split') throw error
        }
      }
    } finally {
      this.#calls -= 1
      this.#fault.end(state)
    }
  }

  /** Waits until the sync has its slot again, if another one runs in its place. */
  async haveSlot(signal: AbortSignal): Promise<void> {
    const { slot } = this.#options.context
    if (slot === undefined) return
    this.#acquiring ??= slot.acquire().finally(() => {
      this.#acquiring = undefined
    })
    await abortable(this.#acquiring, signal)
  }

  /** Offers the slot during a call that hangs, if it is the only one: more answers than one must not wait for a slot. */
  offerSlot(): void {
    if (this.#calls === 1) this.#options.context.slot?.offer()
  }

  async #pause(fault: CallFault, repeats: number, state: CallState, { signal, about }: RepeatOptions): Promise<void> {
    const { clock, context, tuning } = this.#options
    const detail = withSubject(fault.message, about)
    if (fault.isPaced) {
      state.failed(fault.code, detail)
      return
    }
    const wanted = backoffMs(Math.min(repeats, 10), { retryAfterMs: fault.retryAfterMs })
    // What Google says of its own return is believed no longer than its faults are borne.
    const most = fault.kind === 'descriptors' ? LONGEST_LOCAL_MS : tuning.unavailableMs
    const ms = fault.kind === 'quota' ? wanted : Math.min(wanted, most)
    const until = new Date(clock.now().getTime() + ms)
    state.failed(fault.code, detail, until)
    if (fault.kind === 'quota') context.onWait(until)
    this.#pauses += 1
    try {
      if (fault.kind !== 'quota' && this.#pauses === this.#calls) {
        if (ms >= LONG_MS || this.#streak.lasts(LONG_MS, clock.monotonic())) context.slot?.release()
        else context.slot?.offer()
      }
      await clock.sleep(ms, signal)
    } finally {
      this.#pauses -= 1
    }
    signal.throwIfAborted()
    // Those that come back find the slot asked for already, and hold no answer while they wait for it.
    if (this.#acquiring !== undefined) await abortable(this.#acquiring, signal)
    if (fault.kind === 'quota') context.onWait(undefined)
  }

  /**
   * Gives up on a Google that was not there for `unreachableMs`, and on one that answered a call, or all of them, with
   * nothing but errors for `unavailableMs`.
   */
  #giveUpInTime(fault: CallFault, streak: FaultStreak, about: string | undefined): void {
    const { clock, tuning } = this.#options
    const now = clock.monotonic()
    if (fault.kind === 'unavailable') this.#hasAnswered = true
    const isSilent =
      fault.kind === 'network' || fault.kind === 'garbled' || (fault.kind === 'timeout' && !this.#hasAnswered)
    if (!isSilent && fault.kind !== 'timeout' && fault.kind !== 'unavailable') {
      this.#streak.end()
      streak.end()
      return
    }
    this.#streak.add(now, isSilent)
    streak.add(now, isSilent)
    const isOver =
      this.#streak.isEnough(this.#streak.isSilent ? tuning.unreachableMs : tuning.unavailableMs, now) ||
      streak.isEnough(tuning.unavailableMs, now)
    if (!isOver) return
    const code = fault.kind === 'timeout' && isSilent ? 'GOOGLE_UNREACHABLE' : fault.code
    const message = `${withSubject(fault.message, about)} It was tried ${streak.faults} times.`
    throw new AppError(code, message, { cause: fault })
  }
}

function withSubject(message: string, about: string | undefined): string {
  return about === undefined ? message : `${message} It was asked for ${about}.`
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
