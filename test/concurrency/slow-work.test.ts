import t from 'tap'
import { watchSlow } from '../../src/concurrency/slow-work.ts'

t.test('slow work is told of twice, quick work never', async (t) => {
  const told: boolean[] = []
  t.equal(await watchSlow(Promise.resolve(1), 60_000, (isSlow) => told.push(isSlow)), 1)
  t.same(told, [])
  const work = Promise.withResolvers<number>()
  const watched = watchSlow(work.promise, 1, (isSlow) => {
    told.push(isSlow)
    work.resolve(2)
  })
  t.equal(await watched, 2)
  t.same(told, [true, false])
})

t.test('what is thrown when work has become slow rejects, and ends nothing else', async (t) => {
  const watched = watchSlow(new Promise(() => {}), 1, () => {
    throw new TypeError('a defect')
  })
  await t.rejects(watched, { message: 'a defect' })
})
