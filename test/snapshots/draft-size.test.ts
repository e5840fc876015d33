import t, { type Test } from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { silentLog } from '../../src/ports/log.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { testFolder } from '../support/test-folder.ts'
import { manifestOf, SPREADSHEET } from './manifests.ts'

const TOO_LARGE = { code: 'SYNC_TOO_LARGE', message: /more than 1,000 bytes/, hint: /SYNC_BYTES_MAX/, retryable: false }

async function aStore(t: Test) {
  const store = new LocalSnapshotStore({ directory: testFolder(t), kept: 3, log: silentLog, maxSyncBytes: 1000 })
  await store.start()
  return { store, key: { spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch: 1 } }
}

t.test('all files of a sync together may hold so many bytes, those of earlier epochs among them', async (t) => {
  const { store, key } = await aStore(t)
  const first = await store.openDraft(key)
  await first.append('a.csv', Buffer.alloc(400))
  await first.append('b.csv', Buffer.alloc(400))
  await first.saveCheckpoint('one')
  await first.append('a.csv', Buffer.alloc(200))
  const second = await store.openDraft({ ...key, epoch: 2 })
  await second.append('a.csv', Buffer.alloc(200))
  await t.rejects(second.append('c.csv', Buffer.alloc(1)), TOO_LARGE)
  await second.reset()
  await second.append('a.csv', Buffer.alloc(1000))
  await t.rejects(second.append('a.csv', Buffer.alloc(1)), TOO_LARGE)
  await second.discard()
  await first.close()
})

t.test('a rewrite counts as what there will be after it', async (t) => {
  const { store, key } = await aStore(t)
  const draft = await store.openDraft(key)
  await draft.append('a.csv', Buffer.alloc(600))
  await draft.append('b.csv', Buffer.alloc(100))
  await draft.rewrite('a.csv', [Buffer.alloc(450), Buffer.alloc(450)])
  await draft.publish(await manifestOf(draft, key.syncId, ['a.csv', 'b.csv']))

  const later = await store.openDraft({ ...key, syncId: newSyncId() })
  await later.append('a.csv', Buffer.alloc(600))
  await later.append('b.csv', Buffer.alloc(100))
  await t.rejects(later.rewrite('a.csv', [Buffer.alloc(450), Buffer.alloc(451)]), TOO_LARGE)
  await later.discard()
})
