import t from 'tap'
import { MemoryLeases } from '../support/memory-leases.ts'
import { testLeaseStore } from './lease-conformance.ts'

await testLeaseStore(t, 'MemoryLeases', async () => {
  const leases = new MemoryLeases()
  return { open: async () => leases }
})
