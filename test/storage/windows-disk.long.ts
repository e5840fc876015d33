import t from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { claimSync, reportSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'
import { windowsDisk } from '../support/windows-disk.ts'
import { testOnDisk } from './foreign-disk-suite.ts'

await testOnDisk(t, 'Windows', windowsDisk)

t.test('two versions differ from outside in their time, and each stays in memory while it is the file', async (t) => {
  const directory = testFolder(t)
  const fs = windowsDisk(directory)
  const storage = new FileStorage({ directory, clock: systemClock, log: silentLog, fs })
  await storage.start()
  let sync = aQueuedSync()
  await storage.create(sync)
  const times = new Set<number>()
  for (let count = 0; count < 20; count++) {
    times.add((fs.identify(`${directory}/${sync.id}.json`)?.modifiedMicros ?? 0) % 1_000_000)
    t.equal(await storage.get(sync.id), await storage.get(sync.id), `revision ${sync.revision}`)
    const next = count === 0 ? claimSync(sync, 'an owner', new Date()) : reportSync(sync, {}, new Date())
    await storage.replace(next, sync.revision)
    sync = next
  }
  t.equal(times.size, 20)
  await storage.close()
})
