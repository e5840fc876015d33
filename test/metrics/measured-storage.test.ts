import t from 'tap'
import { MeasuredStorage } from '../../src/metrics/measured-storage.ts'
import type { Metrics } from '../../src/ports/metrics.ts'
import { MemoryStorage } from '../../src/storage/memory-storage.ts'
import { testSyncStorage } from '../storage/conformance.ts'

const silent: Metrics = {
  syncEnded() {},
  googleCall() {},
  quotaWaited() {},
  storageOperation() {},
  route: () => ({ answered() {} }),
}

await testSyncStorage(t, 'MeasuredStorage', async () => {
  const storage = new MeasuredStorage(new MemoryStorage(), silent)
  return { open: async () => storage }
})
