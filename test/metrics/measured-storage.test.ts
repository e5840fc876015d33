import t from 'tap'
import { measureStorage } from '../../src/metrics/measured-storage.ts'
import { testSyncStorage } from '../storage/conformance.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { silentMetrics } from '../support/silent-metrics.ts'

await testSyncStorage(t, 'measureStorage', async () => {
  const storage = measureStorage(new MemoryStorage(), silentMetrics)
  return { open: async () => storage }
})
