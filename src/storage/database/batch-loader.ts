import pLimit from 'p-limit'

/** Batches under way at a time; what is asked for meanwhile goes together in the next. */
const AT_ONCE = 2

/** Loads many keys by one query; `since` is when the first of them was asked for, on the monotonic clock. */
type LoadBatch<Value> = (keys: readonly string[], since: number) => Promise<ReadonlyMap<string, Value>>

interface Batch<Value> {
  readonly keys: Set<string>
  readonly values: Promise<ReadonlyMap<string, Value>>
}

/**
 * Loads many keys with few queries. A key that is asked for while nothing is under way is queried at once; under load
 * each query carries all that came since the one before, and each key once. No value is older than its call.
 */
export function batchLoader<Value>(loadBatch: LoadBatch<Value>): (key: string) => Promise<Value | undefined> {
  const limit = pLimit(AT_ONCE)
  let next: Batch<Value> | undefined

  function begin(): Batch<Value> {
    const since = performance.now()
    const keys = new Set<string>()
    const values = limit(() => {
      next = undefined
      return loadBatch([...keys], since)
    })
    return { keys, values }
  }

  return async (key) => {
    next ??= begin()
    next.keys.add(key)
    return (await next.values).get(key)
  }
}
