import t from 'tap'
import { AttemptLimit, type AttemptLimitOptions } from '../../src/webhooks/attempt-limit.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'

/** Attempts that are named by owner, host and number (`Aa1`), begin when the limit lets them, and end when the test says so. */
function attemptsUnder(options: Partial<AttemptLimitOptions>) {
  const clock = new FakeClock()
  const limit = new AttemptLimit({ total: 64, perHost: 4, perSecond: 1000, burst: 1000, clock, ...options })
  const closing = new AbortController()
  const begun: string[] = []
  const running = new Map<string, (hasAnswered?: boolean) => void>()
  const settled: Promise<void>[] = []
  return {
    clock,
    limit,
    begun,
    async add(...names: readonly string[]) {
      for (const name of names) {
        const attempt = () => {
          begun.push(name)
          return new Promise<boolean | undefined>((resolve) => running.set(name, resolve))
        }
        settled.push(limit.run({ owner: name.slice(0, 1), host: name.slice(1, 2) }, attempt, closing.signal))
      }
      await settle()
    },
    async end(name: string, hasAnswered?: boolean) {
      running.get(name)?.(hasAnswered)
      await settle()
    },
    async close() {
      closing.abort()
      await Promise.all(settled)
    },
  }
}

t.test('hosts take turns, and each its attempts in the order in which they came', async (t) => {
  const { add, begun, end } = attemptsUnder({ total: 2 })
  await add('Aa1', 'Aa2', 'Aa3', 'Ab1', 'Ac1', 'Ac2')
  for (let index = 0; index < begun.length; index++) await end(begun[index] ?? '')
  t.same(begun, ['Aa1', 'Ab1', 'Ac1', 'Aa2', 'Ac2', 'Aa3'])
})

t.test(
  'a host has one attempt at a time until it has answered, then more, and one again once it does not',
  async (t) => {
    const { add, begun, end } = attemptsUnder({ perHost: 3 })
    await add(...Array.from({ length: 20 }, (_, at) => `Aa${at}`))
    t.equal(begun.length, 1)
    await end('Aa0', true)
    t.equal(begun.length, 3, 'two at a time')
    await end('Aa1', true)
    await end('Aa2', true)
    t.equal(begun.length, 6, 'three at a time, and no more')
    await end('Aa3', false)
    await end('Aa4')
    t.equal(begun.length, 6, 'those under way come to their end first')
    await end('Aa5')
    t.equal(begun.length, 7)
  },
)

t.test('hanging hosts of one owner hold up no host of another, and leave room for others of its own', async (t) => {
  const { add, begun } = attemptsUnder({ total: 64 })
  const hosts = Array.from({ length: 20 }, (_, at) => String.fromCharCode(97 + at))
  await add(...hosts.flatMap((host) => [1, 2, 3, 4, 5].map((count) => `A${host}${count}`)))
  t.equal(begun.length, 20)
  await add('Bz1', 'Az1')
  t.same(begun.slice(20), ['Bz1', 'Az1'])
})

t.test(
  'more hosts of one owner than there are places hold up no other owner either, on the same host too',
  async (t) => {
    const { add, begun } = attemptsUnder({ total: 8 })
    await add('Aa1', 'Ab1', 'Ac1', 'Ad1', 'Ae1', 'Af1')
    t.equal(begun.length, 4)
    await add('Ba1', 'Bb1', 'Ca1')
    t.same(begun.slice(4), ['Ba1', 'Bb1', 'Ca1'])
  },
)

t.test('attempts of one owner begin at a pace, but for a burst; others keep their own', async (t) => {
  const { add, begun, clock, end } = attemptsUnder({ perSecond: 10, burst: 5 })
  await add(...Array.from({ length: 20 }, (_, at) => `A${String.fromCharCode(97 + at)}`))
  t.equal(begun.length, 5)
  await add('Ba')
  t.equal(begun.length, 6)
  await clock.advance(1000)
  t.equal(begun.length, 16)
  for (const name of [...begun]) await end(name)
  await clock.advance(10_000)
  await add(...Array.from({ length: 20 }, (_, at) => `A${String.fromCharCode(65 + at)}`))
  t.equal(begun.length, 21 + 5, 'a rest brings the burst back, and no more')
})

t.test('an attempt that fails makes room for the next', async (t) => {
  const { limit, add, begun } = attemptsUnder({ total: 2 })
  const fail = async () => {
    throw new Error('no')
  }
  const { signal } = new AbortController()
  const failing = [1, 2].map(() => t.rejects(limit.run({ owner: 'A', host: 'a' }, fail, signal), { message: 'no' }))
  await add('Aa1')
  await Promise.all(failing)
  t.same(begun, ['Aa1'])
})

t.test('once it is closed, what waits for a place or for its pace is let go', async (t) => {
  const { add, begun, close, end } = attemptsUnder({ total: 2, perSecond: 1, burst: 2 })
  await add('Aa1', 'Ab1', 'Ac1', 'Aa2')
  const closed = close()
  await end('Aa1')
  await closed
  t.same(begun, ['Aa1'])
})
