/**
 * Settles as the work does, or rejects with the signal's reason once that is aborted, at once if it already is. For work
 * that knows no signals: it goes on, and what becomes of it then is nobody's concern.
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  // Both may reject after the race is over.
  work.catch(() => undefined)
  promise.catch(() => undefined)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await Promise.race([promise, work])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Passes items on until the signal is aborted; then it throws the signal's reason. */
export async function* untilAborted<T>(
  items: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  for await (const item of items) {
    signal?.throwIfAborted()
    yield item
  }
}
