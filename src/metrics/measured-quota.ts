import type { Metrics } from '../ports/metrics.ts'
import type { Quota } from '../sheets/quota.ts'
import type { Read, ReadWait } from '../sheets/waiting-reads.ts'

/** Seconds below which a read counts as free: it was only scheduled. */
const FREE_SECONDS = 0.005

/** A quota whose waits are timed. */
export class MeasuredQuota implements Quota {
  readonly #quota: Quota
  readonly #metrics: Metrics

  constructor(quota: Quota, metrics: Metrics) {
    this.#quota = quota
    this.#metrics = metrics
  }

  async take(wait: ReadWait): Promise<Read> {
    const begun = performance.now()
    try {
      return await this.#quota.take(wait)
    } finally {
      const seconds = (performance.now() - begun) / 1000
      if (seconds >= FREE_SECONDS) this.#metrics.quotaWaited(seconds)
    }
  }

  pause(ms: number): void {
    this.#quota.pause(ms)
  }
}
