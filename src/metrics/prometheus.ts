import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Sync } from '../model/sync.ts'
import type { CallKind, Metrics, RouteCounts } from '../ports/metrics.ts'
import type { ActiveCounts } from './active-syncs.ts'
import { Latencies, type LatencyRow } from './latencies.ts'

const HTTP_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const STORAGE_BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const WAIT_BOUNDS = [0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120]

/** The counts of one service, in Prometheus' text format, beside those of its process under their usual names. */
export class PrometheusMetrics implements Metrics {
  readonly contentType: string
  readonly #registry = new Registry()
  readonly #http = new Latencies(HTTP_BOUNDS)
  readonly #storage = new Latencies(STORAGE_BOUNDS)
  readonly #operations = new Map<string, LatencyRow>()
  readonly #routes = new Map<string, RouteCounts>()
  readonly #ended: Counter<'outcome' | 'code'>
  readonly #bytes: Counter<'format'>
  readonly #calls: Counter<'kind' | 'result'>
  readonly #waits: Histogram
  readonly #storageErrors: Counter<'operation' | 'code'>

  /** `countActive` counts the syncs that have not ended; `undefined` leaves them out of this scrape. */
  constructor(countActive: () => Promise<ActiveCounts | undefined>) {
    const registers = [this.#registry]
    this.contentType = this.#registry.contentType
    collectDefaultMetrics({ register: this.#registry })
    new Gauge({
      name: 'sheetsync_syncs',
      help: 'Syncs that have not ended, by state, in every process that shares the storage',
      labelNames: ['state'],
      registers,
      async collect() {
        const counts = await countActive()
        this.reset()
        for (const [state, count] of Object.entries(counts ?? {})) this.set({ state }, count)
      },
    })
    this.#ended = new Counter({
      name: 'sheetsync_syncs_ended_total',
      help: 'Syncs that this process saw end, by outcome (downloaded, unchanged, failed, cancelled) and error code',
      labelNames: ['outcome', 'code'],
      registers,
    })
    this.#bytes = new Counter({
      name: 'sheetsync_snapshot_written_bytes_total',
      help: 'Bytes of the files that were published, by format',
      labelNames: ['format'],
      registers,
    })
    this.#calls = new Counter({
      name: 'sheetsync_google_calls_total',
      help: 'Calls sent to Google, by kind and by what came of them',
      labelNames: ['kind', 'result'],
      registers,
    })
    this.#waits = new Histogram({
      name: 'sheetsync_quota_wait_seconds',
      help: "Seconds that reads waited for Google's quota; reads that were free are not counted",
      buckets: WAIT_BOUNDS,
      registers,
    })
    this.#storageErrors = new Counter({
      name: 'sheetsync_storage_errors_total',
      help: 'Operations of the storage that failed, by operation and error code',
      labelNames: ['operation', 'code'],
      registers,
    })
    this.#addLatencies(
      'sheetsync_storage_operation_seconds',
      'Seconds that operations of the storage took; reads answered from memory are not counted',
      this.#storage,
    )
    this.#addLatencies(
      'sheetsync_http_request_seconds',
      'Seconds from the head of a request to the end of its answer, by method, route and status',
      this.#http,
    )
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
    let row = this.#operations.get(operation)
    if (row === undefined) {
      row = this.#storage.add({ operation })
      this.#operations.set(operation, row)
    }
    row.observe(seconds)
    if (code !== undefined) this.#storageErrors.inc({ operation, code })
  }

  route(method: string, path: string): RouteCounts {
    const name = `${method} ${path}`
    const known = this.#routes.get(name)
    if (known !== undefined) return known
    const rows: (LatencyRow | undefined)[] = []
    const counts: RouteCounts = {
      answered: (status, seconds) => {
        let row = rows[status]
        if (row === undefined) {
          row = this.#http.add({ method, route: path, status: String(status) })
          rows[status] = row
        }
        row.observe(seconds)
      },
    }
    this.#routes.set(name, counts)
    return counts
  }

  #addLatencies(name: string, help: string, latencies: Latencies): void {
    // The registry takes whatever answers `get` as its own histograms do; only its type names the class.
    const metric = { name, help, get: async () => ({ name, help, type: 'histogram', values: latencies.samples(name) }) }
    this.#registry.registerMetric(metric as unknown as Histogram)
  }
}
