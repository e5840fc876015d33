import t from 'tap'
import { SharedReadBudget } from '../../src/sheets/shared-read-budget.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryKeyValueStore } from '../support/memory-key-value-store.ts'
import { MemoryReadBudget } from '../support/memory-read-budget.ts'
import { testReadBudget } from './read-budget-conformance.ts'

await testReadBudget(t, 'MemoryReadBudget', async (_t, readsPerMinute) => {
  const clock = new FakeClock()
  const budget = new MemoryReadBudget({ readsPerMinute, clock })
  return { open: async () => budget, pass: async (ms) => clock.leap(ms) }
})

t.test('a read that was recorded though the answer was lost goes to the next who takes one', async (t) => {
  const records = new MemoryKeyValueStore(new FakeClock())
  const budget = new SharedReadBudget(records, 1)
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
