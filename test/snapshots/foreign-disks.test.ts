import t from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { macDisk } from '../support/mac-disk.ts'
import { windowsDisk } from '../support/windows-disk.ts'
import { testSnapshotStore } from './conformance.ts'

for (const [system, disk] of Object.entries({ Windows: windowsDisk, macOS: macDisk })) {
  testSnapshotStore(t, `LocalSnapshotStore on ${system}`, (t) => {
    const directory = t.testdir({})
    const fs = disk(directory)
    return async ({ kept = 3 } = {}) => {
      const store = new LocalSnapshotStore({ directory, kept, log: silentLog, fs })
      await store.start()
      t.teardown(() => store.close())
      return store
    }
  })
}
