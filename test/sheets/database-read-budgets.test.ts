import t from 'tap'
import { DatabaseReadBudgets } from '../support/key-value-stores.ts'
import { aDatabase, aSchema, execute, skipWithoutPostgres } from '../support/postgres.ts'
import { olderBy, testReadBudgets } from './read-budgets-conformance.ts'

const skip = await skipWithoutPostgres()

if (skip !== false) {
  t.test('DatabaseReadBudgets', { skip }, async () => {})
} else {
  await testReadBudgets(t, 'DatabaseReadBudgets', async (t, limits) => {
    const schema = aSchema(t)
    return {
      open: async () => {
        const database = aDatabase(t, schema)
        await database.start()
        return new DatabaseReadBudgets({ database, limits })
      },
      pass: async (ms) => {
        const rows = await execute<{ key: string; json: string }>(
          `SELECT key, value::text AS json FROM "${schema}".entries`,
        )
        for (const { key, json } of rows) {
          await execute(`UPDATE "${schema}".entries SET value = '${olderBy(ms, json)}' WHERE key = '${key}'`)
        }
      },
    }
  })
}
