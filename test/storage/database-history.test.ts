import t from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { DatabaseStorage } from '../../src/storage/database-storage.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aDatabase, aSchema, skipWithoutPostgres } from '../support/postgres.ts'
import { testHistory } from './history-conformance.ts'

const skip = await skipWithoutPostgres()

await t.test('on a real server', { skip }, async (t) => {
  await testHistory(t, 'DatabaseStorage', async (t, historyTtlMs) => {
    const schema = aSchema(t)
    return async () =>
      new DatabaseStorage({ database: aDatabase(t, schema), historyTtlMs, clock: systemClock, log: silentLog })
  })
})
