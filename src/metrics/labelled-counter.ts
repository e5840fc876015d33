/** A count for each set of labels; prom-client's own would have it loaded, and OpenTelemetry, before the port is open. */
export class LabelledCounter<L extends string> {
  readonly name: string
  readonly #help: string
  readonly #counts = new Map<string, { readonly labels: Readonly<Record<L, string>>; value: number }>()

  constructor(name: string, help: string) {
    this.name = name
    this.#help = help
  }

  /** `labels`: their order is the same in every call. */
  inc(labels: Readonly<Record<L, string>>, by = 1): void {
    const key = JSON.stringify(labels)
    const count = this.#counts.get(key) ?? { labels, value: 0 }
    this.#counts.set(key, count)
    count.value += by
  }

  /** What the registry of prom-client reads from a metric. */
  async get() {
    return { name: this.name, help: this.#help, type: 'counter', values: [...this.#counts.values()] }
  }
}
