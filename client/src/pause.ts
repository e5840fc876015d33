/** Resolves after so many milliseconds; rejects at once with the signal's reason when that is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** Milliseconds before the next try after so many faults in a row: doubling, capped, and spread so that clients do not come back in step. */
export function backoffMs(faults: number): number {
  const most = Math.min(8000, 250 * 2 ** Math.max(0, faults - 1))
  return most / 2 + (Math.random() * most) / 2
}
