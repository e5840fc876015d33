import t, { type Test } from 'tap'
import { PeriodicTask } from '../../src/concurrency/periodic-task.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'

const INTERVAL_MS = 100

function aTask(
  t: Test,
  options: { readonly intervalMs?: number | ((tookMs: number) => number); readonly isDelayed?: boolean } = {},
) {
  const clock = new FakeClock()
  const runs: number[] = []
  const errors: unknown[] = []
  const world = { clock, runs, errors, work: async (_signal: AbortSignal): Promise<void> => {} }
  const task = new PeriodicTask({
    clock,
    intervalMs: INTERVAL_MS,
    ...options,
    run: (signal) => {
      runs.push(clock.monotonic())
      return world.work(signal)
    },
    onError: (error) => errors.push(error),
  })
  t.teardown(() => task.stop())
  return Object.assign(world, { task })
}

t.test('the first run begins at once, each later one an interval after the end of the one before', async (t) => {
  const world = aTask(t)
  world.work = async () => void (await world.clock.sleep(30))
  world.task.start()
  world.task.start()
  await world.clock.advance(2 * INTERVAL_MS + 90)
  t.same(world.runs, [0, 130, 260])
})

t.test('a delayed task waits for one interval first', async (t) => {
  const { task, clock, runs } = aTask(t, { isDelayed: true })
  task.start()
  await clock.advance(INTERVAL_MS - 1)
  t.same(runs, [])
  await clock.advance(1)
  t.same(runs, [INTERVAL_MS])
})

t.test('an interval may depend on how long the run took', async (t) => {
  const world = aTask(t, { intervalMs: (tookMs) => 4 * tookMs })
  world.work = async () => void (await world.clock.sleep(10))
  world.task.start()
  await world.clock.advance(60)
  t.same(world.runs, [0, 50])
})

t.test('an interval of nothing leaves turns to everybody else', async (t) => {
  const { task, clock, runs } = aTask(t, { intervalMs: 0 })
  task.start()
  await settle()
  t.same(runs, [0], 'the next run goes through the clock too')
  t.equal(clock.sleepers, 1)
})

t.test('a run that fails is reported, whether it throws or rejects, and the next one comes', async (t) => {
  const world = aTask(t)
  const failures = [new Error('thrown'), new Error('rejected')]
  world.work = () => {
    if (world.runs.length === 1) throw failures[0]
    return world.runs.length === 2 ? Promise.reject(failures[1]) : Promise.resolve()
  }
  world.task.start()
  await world.clock.advance(2 * INTERVAL_MS)
  t.same(world.runs, [0, INTERVAL_MS, 2 * INTERVAL_MS])
  t.same(world.errors, failures)
})

t.test('a run that ends with the reason of its signal has not failed', async (t) => {
  const world = aTask(t)
  world.work = (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  world.task.start()
  await settle()
  await world.task.stop()
  t.same(world.errors, [])
})

t.test('stop aborts the signal of the run under way, waits for its end, and begins no other', async (t) => {
  const world = aTask(t)
  const gate = Promise.withResolvers<void>()
  let isAborted = false
  world.work = async (signal) => {
    signal.addEventListener('abort', () => {
      isAborted = true
    })
    await gate.promise
  }
  world.task.start()
  await settle()
  let isStopped = false
  const stopped = Promise.all([world.task.stop(), world.task.stop()]).then(() => {
    isStopped = true
  })
  await settle()
  t.equal(isAborted, true)
  t.equal(isStopped, false)
  gate.resolve()
  await stopped
  await world.clock.advance(10 * INTERVAL_MS)
  t.same(world.runs, [0])
  t.equal(world.clock.sleepers, 0)
})

t.test('stop during the interval resolves at once; the task may be started again', async (t) => {
  const { task, clock, runs } = aTask(t)
  task.start()
  await clock.advance(INTERVAL_MS / 2)
  await task.stop()
  t.equal(clock.sleepers, 0)
  task.start()
  await settle()
  t.same(runs, [0, INTERVAL_MS / 2])
})

t.test('a start while the run before is still ending never makes two run at once', async (t) => {
  const world = aTask(t)
  const gate = Promise.withResolvers<void>()
  let running = 0
  let most = 0
  world.work = async () => {
    most = Math.max(most, ++running)
    await gate.promise
    running--
  }
  world.task.start()
  await settle()
  const stopped = world.task.stop()
  world.task.start()
  await settle()
  t.same(world.runs, [0])
  gate.resolve()
  await stopped
  await settle()
  t.same(world.runs, [0, 0])
  t.equal(most, 1)
})
