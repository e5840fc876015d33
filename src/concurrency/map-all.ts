import pMap from 'p-map'

/**
 * Maps items with at most so many mappers at a time. Unlike `Promise.all` it lets every item come to its end before it
 * rejects (with the first failure), so that nothing goes on behind a caller's back.
 */
export async function mapAll<Item, T>(
  items: Iterable<Item>,
  concurrency: number,
  mapper: (item: Item) => Promise<T>,
): Promise<T[]> {
  try {
    return await pMap(items, mapper, { concurrency, stopOnError: false })
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error
  }
}
