import t from 'tap'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryReadBudget } from '../support/memory-read-budget.ts'
import { testReadBudget } from './read-budget-conformance.ts'

await testReadBudget(t, 'MemoryReadBudget', async (_t, readsPerMinute) => {
  const clock = new FakeClock()
  const budget = new MemoryReadBudget({ readsPerMinute, clock })
  return { open: async () => budget, pass: async (ms) => clock.leap(ms) }
})
