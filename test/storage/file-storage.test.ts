import t from 'tap'
import { systemClock } from '../../src/clock.ts'
import { silentLog } from '../../src/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { testSyncStorage } from './conformance.ts'

await testSyncStorage(t, 'FileStorage', async (t) => {
  const directory = t.testdir({})
  return { open: async () => new FileStorage({ directory, clock: systemClock, log: silentLog }) }
})
