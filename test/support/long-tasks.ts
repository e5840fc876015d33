import type { Page } from 'playwright-core'

/** How long the page's tasks took while something was done, in milliseconds. */
export interface Tasks {
  /** Tasks above 50 ms by the clock, as a PerformanceObserver tells. */
  readonly long: number
  readonly longestMs: number
  /** Of the task with the most work in it: the time that the processor spent on it. */
  readonly longestCpuMs: number
  readonly words: string
}

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly args: { readonly name?: string }
  /** Microseconds of the thread's own clock. */
  readonly tdur?: number
}

/**
 * Measures the tasks of the page's main thread while `work` is done. What a busy machine does to the time by the clock it does not
 * do to that of the processor.
 */
export async function tasksOf(page: Page, work: () => Promise<unknown>): Promise<Tasks> {
  const browser = page.context().browser()
  if (browser === null) throw new Error('the page has no browser')
  await page.evaluate(`{
    globalThis.longTasks = []
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })
  }`)
  await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] })
  await work()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] }
  const long = (await page.evaluate('longTasks')) as number[]
  const isMain = new Set(
    traceEvents.filter(({ args }) => args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const cpu = traceEvents
    .filter(({ name, ph, pid, tid }) => ph === 'X' && /RunTask$/.test(name) && isMain.has(`${pid} ${tid}`))
    .map(({ tdur = 0 }) => tdur / 1000)
  if (cpu.length === 0) throw new Error('the trace has no tasks')
  const [longestMs, longestCpuMs] = [Math.max(0, ...long), cpu.reduce((most, each) => Math.max(most, each), 0)]
  const byClock =
    long.length === 0
      ? 'none above 50 ms by the clock'
      : `${long.length} above 50 ms by the clock, the longest ${longestMs.toFixed(0)} ms`
  return {
    ...{ long: long.length, longestMs, longestCpuMs },
    words: `${cpu.length} tasks, ${byClock}; at the most ${longestCpuMs.toFixed(0)} ms of processor time`,
  }
}
