import t from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { FaultyFileSystem } from '../support/faulty-file-system.ts'
import { testFolder } from '../support/test-folder.ts'
import { failEachCallOfMove } from './moved-draft-fault-suite.ts'

for (const afterEffect of [false, true]) {
  for (const forEver of afterEffect ? [true] : [false]) {
    const how = `${forEver ? 'for ever' : 'once'}, ${afterEffect ? 'after' : 'before'} its effect`
    t.test(`whichever call of the disk fails (${how}), one sync has the draft whole`, async (t) => {
      const disk = new FaultyFileSystem()
      const options = { directory: testFolder(t), kept: 3, log: silentLog }
      const healthy = new LocalSnapshotStore(options)
      const faulty = new LocalSnapshotStore({ ...options, fs: disk.fs })
      await healthy.start()
      const fail = (nth: number | undefined) =>
        disk.set({ nth: nth ?? Number.MAX_SAFE_INTEGER, code: 'EIO', forEver, afterEffect })
      await failEachCallOfMove(t, { healthy, faulty, fail, hasFailed: () => disk.struck }, 20)
    })
  }
}
