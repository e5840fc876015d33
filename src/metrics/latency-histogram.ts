export type Labels = Readonly<Record<string, string>>

/**
 * Durations in buckets, one series for each set of labels. An observation is a few comparisons and two additions; those
 * of prom-client, which look up the labels each time, cost a poll some percent.
 */
export class LatencyHistogram {
  readonly name: string
  readonly #help: string
  /** Upper bounds of the buckets in seconds, ascending. */
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, LatencySeries>()

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name
    this.#help = help
    this.#bounds = bounds
  }

  /** The series of these labels. */
  series(labels: Labels): LatencySeries {
    const key = JSON.stringify(labels)
    const series = this.#series.get(key) ?? new LatencySeries(labels, this.#bounds)
    this.#series.set(key, series)
    return series
  }

  /** What the registry of prom-client reads from a metric: cumulative buckets, sum and count of each series. */
  async get() {
    const { name } = this
    const values = [...this.#series.values()].flatMap(({ labels, counts, sum }) => {
      let below = 0
      const buckets = [...this.#bounds, '+Inf' as const].map((le, at) => {
        below += counts[at] ?? 0
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below }
      })
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: below },
      ]
    })
    return { name, help: this.#help, type: 'histogram', values }
  }
}

export class LatencySeries {
  readonly labels: Labels
  readonly #bounds: readonly number[]
  /** One more than there are bounds: the last counts what lies above them all. */
  readonly counts: Float64Array
  sum = 0

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels
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
