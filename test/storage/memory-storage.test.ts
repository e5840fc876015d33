import t from 'tap'
import { MemoryStorage } from '../support/memory-storage.ts'
import { testSyncStorage } from './conformance.ts'

await testSyncStorage(t, 'MemoryStorage', async () => {
  const storage = new MemoryStorage()
  return { open: async () => storage }
})
