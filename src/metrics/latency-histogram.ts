export interface LatencyHistogramOptions {
  /** As Prometheus names it. */
  readonly name: string
  readonly help: string
  /** Upper bounds of the buckets in seconds, ascending. */
  readonly bounds: readonly number[]
}

/** Durations in buckets, one series for each set of labels. An observation is a few comparisons and two additions. */
export class LatencyHistogram {
  readonly name: string
  readonly #help: string
  readonly #bounds: readonly number[]
  readonly #series: { readonly labels: Readonly<Record<string, string>>; readonly series: LatencySeries }[] = []

  constructor({ name, help, bounds }: LatencyHistogramOptions) {
    this.name = name
    this.#help = help
    this.#bounds = bounds
  }

  /** A series of its own for these labels, which no other may have; keep it, as each call adds one. */
  add(labels: Readonly<Record<string, string>>): LatencySeries {
    const series = new LatencySeries(this.#bounds)
    this.#series.push({ labels, series })
    return series
  }

  /** What the registry of prom-client reads from a metric: cumulative buckets, sum and count of each series. */
  async get() {
    const { name } = this
    const values = this.#series.flatMap(({ labels, series }) => {
      let below = 0
      const buckets = [...this.#bounds, '+Inf' as const].map((le, at) => {
        below += series.counts[at] ?? 0
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below }
      })
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels: { ...labels }, value: series.sum },
        { metricName: `${name}_count`, labels: { ...labels }, value: below },
      ]
    })
    return { name, help: this.#help, type: 'histogram', values }
  }
}

export class LatencySeries {
  /** One more than there are bounds: the last counts what lies above them all. */
  readonly counts: Float64Array
  sum = 0
  readonly #bounds: readonly number[]

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(seconds: number): void {
    const bounds = this.#bounds
    let at = 0
    while (at < bounds.length && seconds > (bounds[at] as number)) at += 1
    this.counts[at] = (this.counts[at] as number) + 1
    this.sum += seconds
  }
}
