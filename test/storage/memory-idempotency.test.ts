import t from 'tap'
import { MemoryIdempotency } from '../support/memory-key-value-store.ts'
import { testIdempotencyStore } from './idempotency-conformance.ts'

await testIdempotencyStore(t, 'MemoryIdempotency', async () => {
  const keys = new MemoryIdempotency()
  return { open: async () => keys }
})
