import type { Metric, Registry } from 'prom-client'
import type { Sync } from '../model/sync.ts'
import type { CallKind, Metrics, RouteCounter, TickResult } from '../ports/metrics.ts'
import type { ActiveCounts } from './active-syncs.ts'
import { LabelledCounter } from './labelled-counter.ts'
import { LatencyHistogram, type LatencySeries } from './latency-histogram.ts'

/** The reads of one credential: those that count for its limits now, and those that wait. */
export interface CredentialReads {
  readonly credential: string
  readonly used: number
  readonly waiting: number
}

/** The counts of one service, in Prometheus' text format, beside those of its process under their usual names. */
export class PrometheusMetrics implements Metrics {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8'
  readonly #countActive: () => Promise<ActiveCounts | undefined>
  readonly #countSchedules: () => Promise<Readonly<Record<string, number>> | undefined>
  readonly #countReads: () => Promise<readonly CredentialReads[] | undefined>
  #registry: Promise<Registry> | undefined
  readonly #ended = new LabelledCounter<'outcome' | 'code'>(
    'sheetsync_syncs_ended_total',
    'Syncs that this process saw end, by outcome (downloaded, unchanged, failed, cancelled) and error code',
  )
  readonly #bytes = new LabelledCounter<'format'>(
    'sheetsync_snapshot_written_bytes_total',
    'Bytes of the files that were published, by format',
  )
  readonly #calls = new LabelledCounter<'kind' | 'result'>(
    'sheetsync_google_calls_total',
    'Calls sent to Google, by kind and by what came of them',
  )
  readonly #waits = new LatencyHistogram(
    'sheetsync_quota_wait_seconds',
    "Seconds that reads waited for Google's quota, by credential; reads that were free are not counted",
    [0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120],
  )
  readonly #storageErrors = new LabelledCounter<'operation' | 'code'>(
    'sheetsync_storage_errors_total',
    'Operations of the storage that failed, by operation and error code',
  )
  readonly #storage = new LatencyHistogram(
    'sheetsync_storage_operation_seconds',
    'Seconds that operations of the storage took; reads answered from memory are not counted',
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  )
  readonly #ticks = new LabelledCounter<'result'>(
    'sheetsync_schedule_ticks_total',
    'Runs of schedules that this process has claimed, by what came of them',
  )
  readonly #lags = new LatencyHistogram(
    'sheetsync_schedule_tick_lag_seconds',
    'Seconds from when a run of a schedule was due to when this process claimed it',
    [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800],
  )
  readonly #lag = this.#lags.series({})
  readonly #changes = new LabelledCounter<never>(
    'sheetsync_spreadsheet_changes_total',
    'Changes of watched spreadsheets that this process has noticed',
  )
  readonly #http = new LatencyHistogram(
    'sheetsync_http_request_seconds',
    'Seconds from the head of a request to the end of its answer, by method, route and status',
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  )

  /**
   * `countActive` counts the syncs that have not ended, `countSchedules` schedules by state, `countReads` reads by
   * credential; `undefined` leaves them out of this scrape.
   */
  constructor(
    countActive: () => Promise<ActiveCounts | undefined>,
    countSchedules: () => Promise<Readonly<Record<string, number>> | undefined> = async () => undefined,
    countReads: () => Promise<readonly CredentialReads[] | undefined> = async () => undefined,
  ) {
    this.#countActive = countActive
    this.#countSchedules = countSchedules
    this.#countReads = countReads
  }

  /** Loads what shows the counts, and begins to count what the process uses; else the first scrape does. */
  async load(): Promise<void> {
    await this.#loaded()
  }

  /** Everything counted so far, as text of `contentType`. */
  async text(): Promise<string> {
    return (await this.#loaded()).metrics()
  }

  syncEnded(sync: Sync): void {
    this.#ended.inc({ outcome: sync.outcome ?? sync.state, code: sync.error?.code ?? '' })
    if (sync.outcome !== 'downloaded') return
    for (const { files } of sync.tabs) for (const { format, bytes } of files) this.#bytes.inc({ format }, bytes)
  }

  tickClaimed(lagSeconds: number): void {
    this.#lag.observe(lagSeconds)
  }

  tickEnded(result: TickResult): void {
    this.#ticks.inc({ result })
  }

  changeSeen(): void {
    this.#changes.inc({})
  }

  googleCall(kind: CallKind, result: string): void {
    this.#calls.inc({ kind, result })
  }

  quotaWaited(seconds: number, credential: string): void {
    this.#waits.series({ credential }).observe(seconds)
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

  #loaded(): Promise<Registry> {
    this.#registry ??= this.#openRegistry().catch((error: unknown) => {
      // The next one tries again.
      this.#registry = undefined
      throw error
    })
    return this.#registry
  }

  async #openRegistry(): Promise<Registry> {
    const { collectDefaultMetrics, Registry } = await import('prom-client')
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    const schedules = [this.#ticks, this.#lags, this.#changes]
    const counts = [
      ...schedules,
      this.#ended,
      this.#bytes,
      this.#calls,
      this.#waits,
      this.#storageErrors,
      this.#storage,
      this.#http,
    ]
    // The registry takes whatever answers `get` as its own metrics do; only its type names their classes.
    for (const metric of [...counts, ...this.#gauges()]) registry.registerMetric(metric as unknown as Metric)
    return registry
  }

  /** What is counted when it is asked for. */
  #gauges() {
    const byState = async (count: Promise<object | undefined>) =>
      Object.entries((await count) ?? {}).map(([state, value]) => ({ labels: { state }, value }))
    const byCredential = async (count: 'used' | 'waiting') =>
      ((await this.#countReads()) ?? []).map(({ credential, ...counts }) => ({
        labels: { credential },
        value: counts[count],
      }))
    return [
      gauge('sheetsync_syncs', 'Syncs that have not ended, by state, in every process that shares the storage', () =>
        byState(this.#countActive()),
      ),
      gauge(
        'sheetsync_schedules',
        'Schedules by state, of every process that shares the storage; counted once a minute',
        () => byState(this.#countSchedules()),
      ),
      gauge(
        'sheetsync_google_reads',
        "Reads that count for Google's limits a minute, by credential, of every process that shares the storage; on files of this one",
        () => byCredential('used'),
      ),
      gauge('sheetsync_google_reads_waiting', 'Reads of this process that wait for the quota, by credential', () =>
        byCredential('waiting'),
      ),
    ]
  }
}

function gauge(
  name: string,
  help: string,
  values: () => Promise<{ readonly labels: Readonly<Record<string, string>>; readonly value: unknown }[]>,
) {
  return { name, get: async () => ({ name, help, type: 'gauge', values: await values() }) }
}
