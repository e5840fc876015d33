/** Some rows of an answer, from the place that was asked for on. */
interface RowsRead<R> {
  readonly rows: readonly R[]
  /** The snapshot that they are of. */
  readonly syncId: string
}

interface RowPagesOptions<R> {
  /** Rows of a page. */
  readonly pageRows: number
  /** Pages that are kept at most; those farthest from what is seen go first. */
  readonly mostPages: number
  readonly read: (offset: number, limit: number, signal: AbortSignal) => Promise<RowsRead<R>>
  /** Told when there are other rows to show. */
  readonly onChange: () => void
  /** Told when what is read is of another snapshot than what was: all that was read has been dropped. */
  readonly onSnapshot: (syncId: string) => void
  /** Told of a page that could not be read, and with `undefined` when one could again. Returns milliseconds until the next try; `undefined`: none. */
  readonly onFailure: (thrown: unknown) => number | undefined
}

/** Pages that are read at the same time: the service answers few questions at once. */
const MOST_READS = 2

/**
 * The rows of one question by their place. Pages are read as they come in sight, the ones in sight first however fast
 * somebody scrolls, and memory has a bound.
 */
export class RowPages<R> {
  readonly #options: RowPagesOptions<R>
  readonly #pages = new Map<number, readonly R[]>()
  readonly #reading = new Set<number>()
  readonly #ended = new AbortController()
  #wanted: readonly [first: number, end: number] = [0, 0]
  #syncId: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isStopped = false

  constructor(options: RowPagesOptions<R>) {
    this.#options = options
  }

  /** The row at a place; `undefined` while it is not there. */
  at(index: number): R | undefined {
    const { pageRows } = this.#options
    return this.#pages.get(Math.floor(index / pageRows))?.[index % pageRows]
  }

  /** Has the rows from `first` to before `end` read, and half a page around them. */
  want(first: number, end: number, count: number): void {
    const { pageRows } = this.#options
    const around = Math.floor(pageRows / 2)
    this.#wanted = [
      Math.floor(Math.max(0, first - around) / pageRows),
      Math.ceil(Math.min(count, end + around) / pageRows),
    ]
    this.#readNext()
  }

  /** Puts a page in that was read elsewhere: the first one, which told how many there are. */
  put(page: number, { rows, syncId }: RowsRead<R>): void {
    if (this.#syncId !== undefined && this.#syncId !== syncId) {
      this.#pages.clear()
      this.#options.onSnapshot(syncId)
    }
    this.#syncId = syncId
    this.#pages.set(page, rows)
    this.#evict()
    this.#options.onChange()
  }

  /** Tries again what failed. */
  retry(): void {
    clearTimeout(this.#timer)
    this.#isStopped = false
    this.#readNext()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#ended.abort()
  }

  #readNext(): void {
    if (this.#isStopped || this.#ended.signal.aborted) return
    for (const page of this.#missing()) {
      if (this.#reading.size >= MOST_READS) return
      void this.#read(page)
    }
  }

  /** The wanted pages that are not there, those in the middle of what is seen first. */
  #missing(): number[] {
    const [first, end] = this.#wanted
    const middle = (first + end - 1) / 2
    return Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index)
      .filter((page) => !this.#pages.has(page) && !this.#reading.has(page))
      .sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle))
  }

  async #read(page: number): Promise<void> {
    const { pageRows, read, onFailure } = this.#options
    this.#reading.add(page)
    try {
      const answer = await read(page * pageRows, pageRows, this.#ended.signal)
      if (this.#ended.signal.aborted) return
      onFailure(undefined)
      this.put(page, answer)
    } catch (thrown) {
      if (this.#ended.signal.aborted) return
      this.#isStopped = true
      const waitMs = onFailure(thrown)
      clearTimeout(this.#timer)
      if (waitMs !== undefined) this.#timer = setTimeout(() => this.retry(), waitMs)
    } finally {
      this.#reading.delete(page)
      this.#readNext()
    }
  }

  /** What is wanted stays in any case: it would be read again, and again evict another. */
  #evict(): void {
    const [first, end] = this.#wanted
    const middle = (first + end - 1) / 2
    const farthest = [...this.#pages.keys()]
      .filter((page) => page < first || page >= end)
      .sort((one, other) => Math.abs(other - middle) - Math.abs(one - middle))
    for (const page of farthest) {
      if (this.#pages.size <= this.#options.mostPages) return
      this.#pages.delete(page)
    }
  }
}
