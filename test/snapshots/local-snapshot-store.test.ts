import t, { type Test } from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { testFolder } from '../support/test-folder.ts'
import { type OpenStore, testSnapshotStore } from './conformance.ts'

testSnapshotStore(t, 'LocalSnapshotStore', (t: Test): OpenStore => {
  const directory = testFolder(t)
  return async (retention) => {
    const store = new LocalSnapshotStore({ directory, kept: 3, ...retention, log: silentLog })
    await store.start()
    t.teardown(() => store.close())
    return store
  }
})
