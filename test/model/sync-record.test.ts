import t from 'tap'
import { parseSyncRecord, RECORD_FORMAT, toSyncRecord } from '../../src/model/sync-record.ts'
import { toView } from '../../src/model/sync-view.ts'
import { aQueuedSync } from '../support/syncs.ts'

t.test(
  'a record from before faults and running times were kept is read as that of a sync without either',
  async (t) => {
    const sync = aQueuedSync()
    const { ranMs: _ranMs, progress, ...rest } = toSyncRecord(sync)
    const { fault: _fault, ...earlier } = progress
    t.same(parseSyncRecord(sync.id, JSON.stringify({ ...rest, format: 1, progress: earlier })), sync)
  },
)

t.test('an earlier release, which would lose them, leaves the records of this one as they are', async (t) => {
  t.ok(toSyncRecord(aQueuedSync()).format > 1)
  t.equal(RECORD_FORMAT, 6)
})

t.test('how long a sync was run is nobody else’s business', async (t) => {
  t.notOk('ranMs' in toView(aQueuedSync()))
})
