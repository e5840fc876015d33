import { performance } from 'node:perf_hooks'

/** Runs the task `count` times, `concurrency` at a time; resolves to the milliseconds that each took, in ascending order. */
export async function timeEach(
  count: number,
  concurrency: number,
  task: (n: number) => Promise<void>,
): Promise<number[]> {
  const times: number[] = []
  let next = 0
  async function work(): Promise<void> {
    while (next < count) {
      const began = performance.now()
      await task(next++)
      times.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return times.sort((one, other) => one - other)
}

export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}

/** Nanoseconds that one call takes, as the best of several rounds. */
export function nanosecondsPerCall(calls: number, task: () => unknown): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const began = performance.now()
    for (let n = 0; n < calls; n++) task()
    best = Math.min(best, ((performance.now() - began) * 1e6) / calls)
  }
  return best
}

/** Resolves to the longest time, in ms, for which the event loop was held while the task ran. */
export async function longestHold(task: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last - 1)
    last = now
  }, 1)
  try {
    await task()
  } finally {
    clearInterval(timer)
  }
  return longest
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
