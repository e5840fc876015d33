/** Milliseconds of the slowest answer of /livez, asked one after the other while the work is under way. */
export async function slowestWhile(url: string, work: () => Promise<unknown>): Promise<number> {
  let isOver = false
  let slowest = 0
  const asking = (async () => {
    while (!isOver) {
      const from = performance.now()
      await (await fetch(`${url}/livez`)).arrayBuffer()
      slowest = Math.max(slowest, performance.now() - from)
    }
  })()
  try {
    await work()
  } finally {
    isOver = true
    await asking
  }
  return slowest
}

/** Milliseconds for which the event loop of the service was held since this was asked last. */
export async function longestLoopMs(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Math.round(1000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(metrics)?.[1]))
}
