import t from 'tap'
import { DatabaseReadBudget } from '../../src/sheets/database-read-budget.ts'
import { aDatabase, aSchema, execute, skipWithoutPostgres } from '../support/postgres.ts'
import { testReadBudget } from './read-budget-conformance.ts'

const skip = await skipWithoutPostgres()

if (skip !== false) {
  t.test('DatabaseReadBudget', { skip }, async () => {})
} else {
  await testReadBudget(t, 'DatabaseReadBudget', async (t, readsPerMinute) => {
    const schema = aSchema(t)
    return {
      open: async () => {
        const database = aDatabase(t, schema)
        await database.start()
        return new DatabaseReadBudget({ database, readsPerMinute })
      },
      pass: async (ms) => {
        const by = `make_interval(secs => ${ms}::float8 / 1000)`
        await execute(`UPDATE "${schema}".reads SET taken_at = taken_at - ${by}, done_at = done_at - ${by}`)
        await execute(
          `UPDATE "${schema}".read_budgets SET last_grant = last_grant - ${by}, paused_until = paused_until - ${by}`,
        )
      },
    }
  })
}

t.test('credentials have budgets of their own', { skip }, async (t) => {
  const database = aDatabase(t, aSchema(t))
  await database.start()
  const [one, other] = ['one', 'other'].map((name) => new DatabaseReadBudget({ database, readsPerMinute: 1, name }))
  t.ok('read' in ((await one?.take('a')) ?? {}))
  t.notOk('read' in ((await one?.take('a')) ?? {}))
  t.ok('read' in ((await other?.take('a')) ?? {}))
})
