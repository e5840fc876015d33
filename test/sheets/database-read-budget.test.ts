import t from 'tap'
import { DatabaseReadBudget } from '../support/key-value-stores.ts'
import { aDatabase, aSchema, execute, skipWithoutPostgres } from '../support/postgres.ts'
import { olderBy, testReadBudget } from './read-budget-conformance.ts'

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
        const [row] = await execute<{ json: string }>(`SELECT value::text AS json FROM "${schema}".entries`)
        await execute(`UPDATE "${schema}".entries SET value = '${olderBy(ms, row?.json ?? '{}')}'`)
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
