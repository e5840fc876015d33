import t from 'tap'
import { DEFAULT_ACCOUNT } from '../../src/ports/read-budget.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryReadBudgets } from '../support/memory-read-budget.ts'
import { testReadBudgets, testTurns } from './read-budgets-conformance.ts'

for (const test of [testReadBudgets, testTurns]) {
  await test(t, 'MemoryReadBudgets', async (_t, limits) => {
    const clock = new FakeClock()
    const budgets = new MemoryReadBudgets({ limits, clock })
    return { open: async () => budgets, pass: async (ms) => clock.leap(ms) }
  })
}

const ONE = { account: 1, project: 300 }

t.test('a read that was recorded though the answer was lost goes to the next who takes one', async (t) => {
  const budgets = new MemoryReadBudgets({ limits: ONE, clock: new FakeClock() })
  const { records } = budgets
  const budget = budgets.of(DEFAULT_ACCOUNT)
  const { compareAndSwap } = records
  records.compareAndSwap = async (...args) => {
    await compareAndSwap.apply(records, args)
    throw new Error('the answer was lost')
  }
  await t.rejects(budget.take('a'), /lost/)
  const answer = await budget.take('a')
  t.ok('read' in answer)
  t.notOk('read' in (await budget.take('a')), 'once')
})

t.test('the record of an earlier release does no harm, and stays as it is', async (t) => {
  const budgets = new MemoryReadBudgets({ limits: ONE, clock: new FakeClock() })
  const taken = [{ read: 'r', key: 'k', isUnderWay: true, freedAt: 1e15 }]
  const earlier = { lastGrant: 1, refusals: 3, pausedUntil: 1e15, changedAt: 1, slowdown: 2, taken }
  await budgets.records.compareAndSwap('google', undefined, earlier)
  t.ok('read' in (await budgets.of(DEFAULT_ACCOUNT).take('a')))
  t.match(await budgets.usage(), [{ name: 'default', used: 1 }])
  t.same((await budgets.records.get('google')).value, earlier)
})

t.test('usage removes the record of a project of which nothing is left to know', async (t) => {
  const clock = new FakeClock()
  const budgets = new MemoryReadBudgets({ limits: ONE, clock })
  const budget = budgets.of(DEFAULT_ACCOUNT)
  const answer = await budget.take('a')
  await budget.done('read' in answer ? answer.read : '')
  await budgets.usage()
  t.equal((await budgets.records.keys()).length, 1)
  clock.leap(60_010)
  t.same(await budgets.usage(), [])
  t.same(await budgets.records.keys(), [])
  t.ok('read' in (await budget.take('a')))
})
