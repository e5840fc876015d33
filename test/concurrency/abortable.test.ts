import { getEventListeners } from 'node:events'
import t from 'tap'
import { abortable } from '../../src/concurrency/abortable.ts'

const never = new Promise<never>(() => {})

t.test('work that settles first decides, and leaves no listener behind', async (t) => {
  const { signal } = new AbortController()
  t.equal(await abortable(Promise.resolve(7), signal), 7)
  const failure = new Error('the work failed')
  await t.rejects(abortable(Promise.reject(failure), signal), failure)
  t.same(getEventListeners(signal, 'abort'), [])
})

t.test('an abort rejects with its reason, whatever the work does then', async (t) => {
  const controller = new AbortController()
  const work = Promise.withResolvers<number>()
  const waiting = abortable(work.promise, controller.signal)
  const reason = new Error('no longer needed')
  controller.abort(reason)
  await t.rejects(waiting, reason)
  work.reject(new Error('too late to be heard'))
  t.same(getEventListeners(controller.signal, 'abort'), [])
})

t.test('a signal that is already aborted rejects at once', async (t) => {
  const reason = new Error('aborted before')
  await t.rejects(abortable(never, AbortSignal.abort(reason)), reason)
})
