import type { Clock } from '../ports/clock.ts'

interface PeriodicTaskOptions {
  readonly clock: Clock
  /** Milliseconds from the end of one run to the beginning of the next; a function is given how long the run took. */
  readonly intervalMs: number | ((tookMs: number) => number)
  /** Whether the first run waits for one interval too; default: it begins at once. */
  readonly isDelayed?: boolean
  /** One run. The signal is aborted when the task is stopped. */
  run(signal: AbortSignal): Promise<void> | void
  /** Called with whatever a run throws, save the reason of its aborted signal; the next run comes all the same. Must not throw. */
  onError(error: unknown): void
}

/** Runs a task again and again, one run at a time, until it is stopped. */
export class PeriodicTask {
  readonly #options: PeriodicTaskOptions
  #stopping: AbortController | undefined
  #loop: Promise<void> = Promise.resolve()

  constructor(options: PeriodicTaskOptions) {
    this.#options = options
  }

  /** Begins, or begins anew after a stop. Does nothing while it runs. */
  start(): void {
    if (this.#stopping !== undefined) return
    this.#stopping = new AbortController()
    const { signal } = this.#stopping
    this.#loop = this.#loop.then(() => this.#runUntil(signal))
  }

  /** Begins no more runs; resolves when the one under way has ended, so a run must not wait for it. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping?.abort()
    this.#stopping = undefined
    await this.#loop
  }

  async #runUntil(signal: AbortSignal): Promise<void> {
    const { clock, isDelayed = false, run, onError } = this.#options
    let pauseMs = isDelayed ? this.#pauseAfter(0) : undefined
    while (!signal.aborted) {
      if (pauseMs !== undefined && !(await clock.sleep(pauseMs, signal))) return
      const began = clock.monotonic()
      try {
        await run(signal)
      } catch (error) {
        if (error !== signal.reason) onError(error)
      }
      pauseMs = this.#pauseAfter(clock.monotonic() - began)
    }
  }

  #pauseAfter(tookMs: number): number {
    const { intervalMs } = this.#options
    return typeof intervalMs === 'number' ? intervalMs : intervalMs(tookMs)
  }
}
