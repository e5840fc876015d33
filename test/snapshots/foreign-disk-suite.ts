import type { Test } from 'tap'
import type { FileSystem } from '../../src/ports/file-system.ts'
import { silentLog } from '../../src/ports/log.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { testFolder } from '../support/test-folder.ts'
import { testSnapshotStore } from './conformance.ts'
import { failEachCall } from './fault-suite.ts'

/** What a store of snapshots promises, on a disk of another system; `disk` makes it, for a folder. */
export function testOnDisk(t: Test, system: string, disk: (root: string) => FileSystem): void {
  testSnapshotStore(t, `LocalSnapshotStore on ${system}`, (t) => {
    const directory = testFolder(t)
    const fs = disk(directory)
    return async (retention) => {
      const store = new LocalSnapshotStore({ directory, kept: 3, ...retention, log: silentLog, fs })
      await store.start()
      t.teardown(() => store.close())
      return store
    }
  })
  t.test(`${system}: whichever call fails, a checkpoint or the snapshot is there and the next epoch finishes`, (t) =>
    failEachCall(t, 'once', { forEver: false }, disk, 3),
  )
}
