import type { Metrics } from '../../src/ports/metrics.ts'

/** Metrics that count nothing. */
export const silentMetrics: Metrics = {
  syncEnded() {},
  googleCall() {},
  quotaWaited() {},
  storageOperation() {},
  route: () => () => {},
}
