import t from 'tap'
import { systemClock } from '../../src/clock.ts'
import { silentLog } from '../../src/log.ts'
import { DatabaseStorage } from '../../src/storage/database-storage.ts'
import { aDatabase, aSchema, execute, skipWithoutPostgres } from '../support/postgres.ts'
import { testSyncStorage } from './conformance.ts'

const skip = await skipWithoutPostgres()

if (skip !== false) {
  t.test('DatabaseStorage', { skip }, async () => {})
} else {
  await testSyncStorage(t, 'DatabaseStorage', async (t) => {
    const schema = aSchema(t)
    return {
      open: async () => new DatabaseStorage({ database: aDatabase(t, schema), clock: systemClock, log: silentLog }),
      damage: async (id) => {
        await execute(`UPDATE "${schema}".syncs SET record = '{"id":"something else"}' WHERE id = $1`, [id])
      },
    }
  })
}
