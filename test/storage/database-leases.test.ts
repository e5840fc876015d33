import t from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { DatabaseLeases } from '../support/key-value-stores.ts'
import { aDatabase, aSchema, skipWithoutPostgres } from '../support/postgres.ts'
import { testLeaseStore } from './lease-conformance.ts'

const skip = await skipWithoutPostgres()

if (skip !== false) {
  t.test('DatabaseLeases', { skip }, async () => {})
} else {
  await testLeaseStore(t, 'DatabaseLeases', async (t) => {
    const schema = aSchema(t)
    return { open: async () => new DatabaseLeases({ database: aDatabase(t, schema) }) }
  })
}

t.test('what is no sync id has no lease, and gets none', { skip }, async (t) => {
  const leases = new DatabaseLeases({ database: aDatabase(t, aSchema(t)) })
  await leases.start()
  t.equal(await leases.read('../x', 1), undefined)
  await t.rejects(leases.renew('../x', 1), TypeError)
  await leases.release('../x', 1)
  await leases.release(newSyncId(), 1)
})
