import type { Metrics } from '../../src/ports/metrics.ts'

/** Metrics that count nothing. */
export const silentMetrics: Metrics = {
  syncEnded() {},
  tickClaimed() {},
  tickEnded() {},
  changeSeen() {},
  googleCall() {},
  quotaWaited() {},
  storageOperation() {},
  route: () => () => {},
}
