import t from 'tap'
import { FairSemaphore, type FairSemaphoreOptions, type Permit } from '../../src/concurrency/fair-semaphore.ts'
import { settle } from '../support/fake-clock.ts'

/** Acquires that are named by their owner's letter and a number, and the order in which they were granted. */
function acquiresOf(options: FairSemaphoreOptions) {
  const semaphore = new FairSemaphore(options)
  const granted: string[] = []
  const taken: string[] = []
  const permits = new Map<string, Permit>()
  const leaving = new Map<string, AbortController>()
  return {
    semaphore,
    granted,
    taken,
    async acquire(names: string, isFirst = false) {
      for (const name of names.split(' ')) {
        const leave = new AbortController()
        leaving.set(name, leave)
        semaphore
          .acquire(name.slice(0, 1), { signal: leave.signal, isFirst, onTaken: () => taken.push(name) })
          .then((permit) => {
            granted.push(name)
            permits.set(name, permit)
          })
          .catch(() => granted.push(`${name} left`))
      }
      await settle()
    },
    permit(name: string): Permit {
      const permit = permits.get(name)
      if (permit === undefined) throw new Error(`${name} has no permit`)
      return permit
    },
    async release(names: string) {
      for (const name of names.split(' ')) {
        permits.get(name)?.release()
        await settle()
      }
    },
    async leave(name: string) {
      leaving.get(name)?.abort(new Error('no more'))
      await settle()
    },
  }
}

t.test('a hundred of one owner go before none of another that comes later', async (t) => {
  const { acquire, granted, release } = acquiresOf({ permits: 1 })
  await acquire(Array.from({ length: 100 }, (_, at) => `a${at}`).join(' '))
  await acquire('b0 b1')
  await release('a0 b0 a1 b1')
  t.same(granted, ['a0', 'b0', 'a1', 'b1', 'a2'])
})

t.test('a free permit goes to who holds fewest', async (t) => {
  const { acquire, granted, release } = acquiresOf({ permits: 4 })
  await acquire('a1 a2 a3 b1 a4 b2 b3 c1')
  await release('a1')
  t.same(granted.slice(4), ['c1'], 'who holds none')
  await release('a2 a3')
  t.same(granted.slice(5), ['a4', 'b2'], 'one each: the second time each has as many as the other')
})

t.test('owners who come again and again with one at a time keep nobody from their turn', async (t) => {
  const { acquire, granted, release } = acquiresOf({ permits: 1 })
  await acquire('x0 b0 b1 c0 d0')
  for (let round = 0; round < 4; round++) {
    const ended = granted.at(-1) ?? ''
    await release(ended)
    // Whoever was done comes back at once, as new as can be.
    if (!ended.startsWith('b')) await acquire(`${ended.slice(0, 1)}${round + 1}`)
  }
  t.same(granted, ['x0', 'b0', 'c0', 'd0', 'x1'])
  await release('x1')
  t.equal(granted.at(-1), 'b1')
})

t.test('where room is left, one owner alone has half, and the next finds a permit at once', async (t) => {
  const { acquire, granted, release } = acquiresOf({ permits: 8, leavesRoom: true })
  await acquire('a1 a2 a3 a4 a5 a6')
  t.same(granted, ['a1', 'a2', 'a3', 'a4'])
  await acquire('b1 b2 b3')
  t.same(granted.slice(4), ['b1', 'b2'])
  await release('b1 b2')
  t.same(granted.slice(6), ['b3'])
  await release('b3')
  t.same(granted.slice(7), [], 'a holds its half')
  await release('a1')
  t.same(granted.slice(7), ['a5'])
})

t.test('what leaves no longer waits, and holds nobody up', async (t) => {
  const { acquire, granted, release, leave } = acquiresOf({ permits: 1 })
  await acquire('a1 b1 a2')
  await leave('b1')
  await leave('a1')
  await release('a1 a2')
  t.same(granted, ['a1', 'b1 left', 'a2'])
  await release('a2')
  await acquire('c1')
  t.equal(granted.at(-1), 'c1', 'a release that was repeated has freed one, not two')
  await acquire('c2')
  t.equal(granted.at(-1), 'c1')
})

t.test('who goes first does so among its owner only, behind those that did before', async (t) => {
  const { acquire, granted, release } = acquiresOf({ permits: 1 })
  await acquire('a1 b1 a2')
  await acquire('a3 a4', true)
  await release('a1 b1 a3 a4')
  t.same(granted, ['a1', 'b1', 'a3', 'a4', 'a2'])
})

t.test('a permit on offer goes to who holds fewer, at once or when it comes, and to nobody else', async (t) => {
  const { acquire, granted, taken, permit, release } = acquiresOf({ permits: 4 })
  await acquire('a1 a2 b1 b2 a3')
  permit('a1').offer()
  await settle()
  t.same(granted.slice(4), [], 'not to its own owner')
  await acquire('b3')
  t.same([granted.slice(4), taken], [[], []], 'not to who holds as many')
  await acquire('c1')
  t.same([granted.slice(4), taken, permit('a1').isHeld], [['c1'], ['a1'], false])
  permit('a1').release()
  t.same(granted.slice(5), [], 'it is no longer its to release')
  await release('c1')
  t.same(granted.slice(5), ['a3'])
})

t.test('an offer that is withdrawn stands no more', async (t) => {
  const { acquire, granted, permit } = acquiresOf({ permits: 1 })
  await acquire('a1')
  permit('a1').offer()
  permit('a1').keep()
  await acquire('b1')
  t.same(granted, ['a1'])
  permit('a1').offer()
  await settle()
  t.same(granted, ['a1', 'b1'], 'one that waits has it at the next offer')
})
