import pLimit, { type LimitFunction } from 'p-limit'

/**
 * Limits how many tasks run at once, in all and for each host, so that a slow host holds up nobody but itself. Tasks of
 * one host begin in the order in which they came; hosts with tasks waiting take turns.
 */
export class PerHostLimit {
  readonly #total: LimitFunction
  readonly #perHost: number
  /** Hosts with tasks running or waiting. */
  readonly #hosts = new Map<string, LimitFunction>()

  /** Limits how many tasks run at once, in all and for one host. */
  constructor({ total, perHost }: { readonly total: number; readonly perHost: number }) {
    this.#total = pLimit(total)
    this.#perHost = perHost
  }

  /** Runs the task once there is room, and settles as it does. */
  async run<T>(host: string, task: () => Promise<T>): Promise<T> {
    const limit = this.#hosts.get(host) ?? pLimit(this.#perHost)
    this.#hosts.set(host, limit)
    try {
      // No more than its share of one host ever waits among all the others.
      return await limit(() => this.#total(task))
    } finally {
      if (limit.activeCount + limit.pendingCount === 0) this.#hosts.delete(host)
    }
  }
}
