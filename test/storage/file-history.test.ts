import t from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { systemClock } from '../../src/system-clock.ts'
import { testFolder } from '../support/test-folder.ts'
import { testHistory } from './history-conformance.ts'

await testHistory(t, 'FileStorage', async (t, ttlMs) => {
  const root = testFolder(t)
  const history = { directory: `${root}/sync-history`, ttlMs, maxBytes: 1e9 }
  return async () => new FileStorage({ directory: `${root}/sync-status`, clock: systemClock, log: silentLog, history })
})
