import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Sync } from '../model/sync.ts'
import type { CallKind, Metrics, RouteCounter } from '../ports/metrics.ts'
import type { ActiveCounts } from './active-syncs.ts'
import { LatencyHistogram, type LatencySeries } from './latency-histogram.ts'

/** The counts of one service, in Prometheus' text format, beside those of its process under their usual names. */
export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry()
  readonly contentType = this.#registry.contentType
  readonly #ended = this.#counter(
    'sheetsync_syncs_ended_total',
    'Syncs that this process saw end, by outcome (downloaded, unchanged, failed, cancelled) and error code',
    ['outcome', 'code'],
  )
  readonly #bytes = this.#counter(
    'sheetsync_snapshot_written_bytes_total',
    'Bytes of the files that were published, by format',
    ['format'],
  )
  readonly #calls = this.#counter(
    'sheetsync_google_calls_total',
    'Calls sent to Google, by kind and by what came of them',
    ['kind', 'result'],
  )
  readonly #waits = new Histogram({
    name: 'sheetsync_quota_wait_seconds',
    help: "Seconds that reads waited for Google's quota; reads that were free are not counted",
    buckets: [0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120],
    registers: [this.#registry],
  })
  readonly #storageErrors = this.#counter(
    'sheetsync_storage_errors_total',
    'Operations of the storage that failed, by operation and error code',
    ['operation', 'code'],
  )
  readonly #storage = new LatencyHistogram(
    'sheetsync_storage_operation_seconds',
    'Seconds that operations of the storage took; reads answered from memory are not counted',
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  )
  readonly #http = new LatencyHistogram(
    'sheetsync_http_request_seconds',
    'Seconds from the head of a request to the end of its answer, by method, route and status',
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  )

  /** `countActive` counts the syncs that have not ended; `undefined` leaves them out of this scrape. */
  constructor(countActive: () => Promise<ActiveCounts | undefined>) {
    collectDefaultMetrics({ register: this.#registry })
    new Gauge({
      name: 'sheetsync_syncs',
      help: 'Syncs that have not ended, by state, in every process that shares the storage',
      labelNames: ['state'],
      registers: [this.#registry],
      async collect() {
        const counts = await countActive()
        this.reset()
        for (const [state, count] of Object.entries(counts ?? {})) this.set({ state }, count)
      },
    })
    for (const histogram of [this.#storage, this.#http]) {
      // The registry takes whatever answers `get` as its own histograms do; only its type names the class.
      this.#registry.registerMetric(histogram as unknown as Histogram)
    }
  }

  /** Everything counted so far, as text of `contentType`. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  syncEnded(sync: Sync): void {
    this.#ended.inc({ outcome: sync.outcome ?? sync.state, code: sync.error?.code ?? '' })
    if (sync.outcome !== 'downloaded') return
    for (const { files } of sync.tabs) for (const { format, bytes } of files) this.#bytes.inc({ format }, bytes)
  }

  googleCall(kind: CallKind, result: string): void {
    this.#calls.inc({ kind, result })
  }

  quotaWaited(seconds: number): void {
    this.#waits.observe(seconds)
  }

  storageOperation(operation: string, seconds: number, code?: string): void {
    this.#storage.series({ operation }).observe(seconds)
    if (code !== undefined) this.#storageErrors.inc({ operation, code })
  }

  route(method: string, path: string): RouteCounter {
    const byStatus: (LatencySeries | undefined)[] = []
    return (status, seconds) => {
      byStatus[status] ??= this.#http.series({ method, route: path, status: String(status) })
      byStatus[status].observe(seconds)
    }
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] })
  }
}
