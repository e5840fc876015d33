import t from 'tap'
import { LocalReadBudget } from '../../src/sheets/local-read-budget.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { testReadBudget } from './read-budget-conformance.ts'

await testReadBudget(t, 'LocalReadBudget', async (_t, readsPerMinute) => {
  const clock = new FakeClock()
  const budget = new LocalReadBudget({ readsPerMinute, clock })
  return { open: async () => budget, pass: async (ms) => clock.leap(ms) }
})
