import t from 'tap'
import { TimeoutError, withTimeout } from '../../src/concurrency/timeout.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'

t.test('work that settles in time decides, and its timer is cleared', async (t) => {
  const clock = new FakeClock()
  t.equal(await withTimeout(Promise.resolve(7), 100, 'the work', clock), 7)
  const failure = new Error('the work failed')
  await t.rejects(withTimeout(Promise.reject(failure), 100, 'the work', clock), failure)
  await settle()
  t.equal(clock.sleepers, 0)
})

t.test('work that takes longer is left alone, whatever becomes of it', async (t) => {
  const clock = new FakeClock()
  const work = Promise.withResolvers<number>()
  const limited = withTimeout(work.promise, 100, 'the work', clock)
  let isSettled = false
  const end = limited
    .catch((error: unknown) => error)
    .finally(() => {
      isSettled = true
    })
  await clock.advance(99)
  t.equal(isSettled, false)
  await clock.advance(1)
  t.match(await end, { name: 'TimeoutError', message: 'the work took longer than 100 ms' })
  t.ok((await end) instanceof TimeoutError)
  work.reject(new Error('too late to be heard'))
  await settle()
})
