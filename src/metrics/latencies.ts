/** Durations in buckets, one row for each set of labels. An observation is a few comparisons and two additions. */
export class Latencies {
  readonly #bounds: readonly number[]
  readonly #rows: { readonly labels: Readonly<Record<string, string>>; readonly row: LatencyRow }[] = []

  /** `bounds`: the upper bounds of the buckets in seconds, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
  }

  /** A row of its own for these labels, which no other row may have; keep it, as each call adds one. */
  add(labels: Readonly<Record<string, string>>): LatencyRow {
    const row = new LatencyRow(this.#bounds)
    this.#rows.push({ labels, row })
    return row
  }

  /** The samples of a Prometheus histogram of this name: cumulative buckets, sum and count. */
  samples(name: string): { metricName: string; labels: Record<string, string | number>; value: number }[] {
    return this.#rows.flatMap(({ labels, row }) => {
      let below = 0
      const buckets = [...this.#bounds, '+Inf' as const].map((le, at) => {
        below += row.counts[at] ?? 0
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below }
      })
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels: { ...labels }, value: row.sum },
        { metricName: `${name}_count`, labels: { ...labels }, value: below },
      ]
    })
  }
}

export class LatencyRow {
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
