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
        const updates = rows.map(
          ({ key, json }) => `UPDATE "${schema}".entries SET value = '${olderBy(ms, json)}' WHERE key = '${key}'`,
        )
        // Over one connection: a test lets hundreds of moments pass, and each connection is a process of the server.
        await execute(updates.join(';'))
      },
    }
  })
}
