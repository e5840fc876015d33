import t from 'tap'
import { makeClock } from '../src/system-clock.ts'

const DAY_MS = 86_400_000

/** A clock whose timers are over at once, and those that were set, in milliseconds. */
function aClock() {
  const timers: number[] = []
  const clock = makeClock(async (ms) => {
    timers.push(ms)
  })
  return { clock, timers }
}

t.test('a sleep longer than the longest timer takes its whole time, in several timers', async (t) => {
  for (const ms of [2 ** 31, 30 * DAY_MS, 400 * DAY_MS]) {
    const { clock, timers } = aClock()
    t.equal(await clock.sleep(ms), true)
    t.equal(
      timers.reduce((sum, each) => sum + each, 0),
      ms,
    )
    for (const each of timers) t.ok(each >= 1 && each < 2 ** 31, `a timer of ${each} ms`)
  }
})

t.test('a sleep of one timer or none takes one, as it stands', async (t) => {
  for (const ms of [0, 0.5, 1000, 2 ** 31 - 1]) {
    const { clock, timers } = aClock()
    t.equal(await clock.sleep(ms), true)
    t.same(timers, [ms])
  }
})

t.test('a long sleep ends at once when its signal is aborted, before or meanwhile', async (t) => {
  const { systemClock } = await import('../src/system-clock.ts')
  t.equal(await systemClock.sleep(30 * DAY_MS, AbortSignal.abort()), false)
  const stop = new AbortController()
  const sleeping = systemClock.sleep(30 * DAY_MS, stop.signal)
  setImmediate(() => stop.abort())
  t.equal(await sleeping, false)
})
