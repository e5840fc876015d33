/** Lets at most so many pieces of work run at a time; the others wait their turn in order. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}

/**
 * Runs work for each item, at most so many at a time. Unlike `Promise.all` it lets everything that was begun come to its
 * end before it rejects (with the first failure), so that nothing goes on behind a caller's back.
 */
export async function forEach<Item, T>(
  items: Iterable<Item>,
  count: number,
  work: (item: Item) => Promise<T>,
): Promise<T[]> {
  const slots = new Slots(count)
  const ended = await Promise.allSettled(Array.from(items, (item) => slots.run(() => work(item))))
  return ended.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}
