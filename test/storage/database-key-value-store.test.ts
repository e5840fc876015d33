import t from 'tap'
import { DatabaseKeyValueStore } from '../../src/storage/database-key-value-store.ts'
import { aDatabase, aSchema, skipWithoutPostgres } from '../support/postgres.ts'
import { testKeyValueStore } from './key-value-conformance.ts'

const skip = await skipWithoutPostgres()

for (const table of ['entries', 'ephemeral_entries'] as const) {
  if (skip !== false) {
    t.test(`DatabaseKeyValueStore, ${table}`, { skip }, async () => {})
  } else {
    await testKeyValueStore(t, `DatabaseKeyValueStore, ${table}`, async (t) => {
      const schema = aSchema(t)
      return { open: async (namespace) => new DatabaseKeyValueStore(aDatabase(t, schema), namespace, table) }
    })
  }
}
