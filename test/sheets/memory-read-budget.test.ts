import t from 'tap'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryReadBudget } from '../support/memory-read-budget.ts'
import { testReadBudget } from './read-budget-conformance.ts'

await testReadBudget(t, 'MemoryReadBudget', async (_t, readsPerMinute) => {
  const clock = new FakeClock()
  const budget = new MemoryReadBudget({ readsPerMinute, clock })
  return { open: async () => budget, pass: async (ms) => clock.leap(ms) }
})

t.test('a read that was recorded though the answer was lost goes to the next who takes one', async (t) => {
  class LossyBudget extends MemoryReadBudget {
    protected override async record(read: string, key: string, version: number): Promise<boolean> {
      await super.record(read, key, version)
      throw new Error('the answer was lost')
    }
  }
  const budget = new LossyBudget({ readsPerMinute: 1, clock: new FakeClock() })
  await t.rejects(budget.take('a'), /lost/)
  const answer = await budget.take('a')
  t.ok('read' in answer)
  t.notOk('read' in (await budget.take('a')), 'once')
})
