import { readdir } from 'node:fs/promises'
import t from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { silentLog } from '../../src/ports/log.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { testFolder } from '../support/test-folder.ts'

t.test('a draft that is not gone on with for lack of room leaves nothing on the full disk', async (t) => {
  const directory = testFolder(t)
  const disk = { freeBytes: 2, fails: false }
  const fs = {
    ...nodeFileSystem,
    async volume() {
      if (disk.fails) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' })
      return { kind: 0, freeBytes: disk.freeBytes }
    },
  }
  const store = new LocalSnapshotStore({ directory, kept: 3, log: silentLog, freeBytesMin: 1, fs })
  await store.start()
  const key = { spreadsheetId: 'book', syncId: newSyncId() }
  const draft = await store.openDraft({ ...key, epoch: 1 })
  await draft.append('tab-0.json', Buffer.from('[1]'))
  await draft.saveCheckpoint({ at: 1 })
  await draft.close()
  disk.fails = true
  await t.rejects(store.openDraft({ ...key, epoch: 2 }), { code: 'STORAGE_BUSY' })
  t.equal((await readdir(`${directory}/.staging`)).length, 1, 'what could not be looked at may be gone on with')
  disk.fails = false
  disk.freeBytes = 0
  await t.rejects(store.openDraft({ ...key, epoch: 3 }), { code: 'STORAGE_FULL' })
  t.strictSame(await readdir(`${directory}/.staging`), [])
})
