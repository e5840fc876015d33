import t from 'tap'
import { PerHostLimit } from '../../src/webhooks/per-host-limit.ts'
import { settle } from '../support/fake-clock.ts'

/** Tasks that are named by their host and number, begin when the limit lets them, and end when the test says so. */
function tasksUnder(options: { total: number; perHost: number }) {
  const limit = new PerHostLimit(options)
  const begun: string[] = []
  const running = new Map<string, () => void>()
  return {
    limit,
    begun,
    add(...names: readonly string[]) {
      for (const name of names) {
        void limit.run(name.slice(0, 1), async () => {
          begun.push(name)
          await new Promise<void>((resolve) => running.set(name, resolve))
        })
      }
      return settle()
    },
    end(name: string) {
      running.get(name)?.()
      return settle()
    },
  }
}

t.test('hosts take turns, and each its tasks in the order in which they came', async (t) => {
  const { add, begun, end } = tasksUnder({ total: 1, perHost: 1 })
  await add('a1', 'a2', 'a3', 'b1', 'c1', 'c2')
  for (let index = 0; index < begun.length; index++) await end(begun[index] ?? '')
  t.same(begun, ['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
})

t.test('no host has more than its share, and all of them no more than there is', async (t) => {
  const { add, begun, end } = tasksUnder({ total: 3, perHost: 2 })
  await add('a1', 'a2', 'a3', 'b1', 'b2')
  t.same(begun, ['a1', 'a2', 'b1'])
  await end('b1')
  t.same(begun.slice(3), ['b2'], 'a has its share')
  await end('a1')
  t.same(begun.slice(4), ['a3'])
})

t.test('a task that fails makes room for the next, and the limit of its host goes on', async (t) => {
  const { add, begun, end, limit } = tasksUnder({ total: 2, perHost: 1 })
  const fail = async () => {
    throw new Error('no')
  }
  await t.rejects(limit.run('a', fail), { message: 'no' })
  const failing = t.rejects(limit.run('a', fail), { message: 'no' })
  await add('a1', 'a2')
  await failing
  t.same(begun, ['a1'])
  await end('a1')
  t.same(begun, ['a1', 'a2'])
})
