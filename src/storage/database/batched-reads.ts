/** Questions under way at a time; those that come meanwhile go together in the next. */
const AT_ONCE = 2

interface Waiter<Answer> {
  resolve(answer: Answer | undefined): void
  reject(reason: unknown): void
}

interface Batch<Answer> {
  readonly since: number
  readonly waiters: Map<string, Waiter<Answer>[]>
}

/**
 * Asks for many keys with few questions. A key that is asked for while nothing is under way goes out at once; under load
 * each question carries all that came since the one before, and each key once. No answer is older than its call.
 */
export class Gathered<Answer> {
  readonly #ask: (keys: readonly string[], since: number) => Promise<ReadonlyMap<string, Answer>>
  #next: Batch<Answer> | undefined
  #asking = 0

  /** `ask` is told since when the first of the keys has been waiting, on the monotonic clock. */
  constructor(ask: (keys: readonly string[], since: number) => Promise<ReadonlyMap<string, Answer>>) {
    this.#ask = ask
  }

  get(key: string): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      this.#next ??= { since: performance.now(), waiters: new Map() }
      const waiters = this.#next.waiters.get(key) ?? []
      waiters.push({ resolve, reject })
      this.#next.waiters.set(key, waiters)
      this.#send()
    })
  }

  #send(): void {
    if (this.#next === undefined || this.#asking >= AT_ONCE) return
    const { since, waiters } = this.#next
    this.#next = undefined
    this.#asking++
    this.#ask([...waiters.keys()], since)
      .then(
        (answers) => {
          for (const [key, those] of waiters) for (const { resolve } of those) resolve(answers.get(key))
        },
        (reason: unknown) => {
          for (const those of waiters.values()) for (const { reject } of those) reject(reason)
        },
      )
      .finally(() => {
        this.#asking--
        this.#send()
      })
  }
}
