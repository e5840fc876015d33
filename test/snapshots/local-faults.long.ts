import t from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { silentLog } from '../../src/ports/log.ts'
import { DraftSuperseded } from '../../src/ports/snapshot-store.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import type { Fault } from '../support/faulty-file-system.ts'
import { testFolder } from '../support/test-folder.ts'
import { failEachCall } from './fault-suite.ts'
import { SPREADSHEET } from './manifests.ts'

const bytes = (text: string) => Buffer.from(text)

const FAULTS: Readonly<Record<string, Omit<Fault, 'nth' | 'code'>>> = {
  once: { forEver: false },
  forever: { forEver: true },
  'half of a write': { forEver: false, only: 'write', afterHalf: true },
  'short write': { forEver: false, only: 'write' },
}
for (const [how, kind] of Object.entries(FAULTS)) {
  t.test(`whichever call fails (${how}), a checkpoint or the snapshot is there and the next epoch finishes`, (t) =>
    failEachCall(t, how, kind),
  )
}

t.test('after a failed fsync the draft is of no more use, and says so until it is opened again', async (t) => {
  const directory = testFolder(t)
  let descriptor: number | undefined
  let hasFailed = false
  const store = new LocalSnapshotStore({
    directory,
    kept: 3,
    log: silentLog,
    fs: {
      ...nodeFileSystem,
      openNew: async (path) => {
        const opened = await nodeFileSystem.openNew(path)
        if (path.endsWith('a.csv')) descriptor = opened
        return opened
      },
      sync: async (syncing) => {
        if (syncing !== descriptor || hasFailed) return nodeFileSystem.sync(syncing)
        hasFailed = true
        throw Object.assign(new Error('EIO: injected'), { code: 'EIO', syscall: 'fsync' })
      },
    },
  })
  const key = { spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch: 1 }
  const draft = await store.openDraft(key)
  await draft.append('a.csv', bytes('1'))
  await t.rejects(draft.saveCheckpoint(1), { code: 'STORAGE_UNAVAILABLE' })
  await t.rejects(draft.saveCheckpoint(1), { code: 'STORAGE_UNAVAILABLE' })
  await t.rejects(draft.append('a.csv', bytes('2')), { code: 'STORAGE_UNAVAILABLE' })
  await t.rejects(draft.stat('a.csv'), { code: 'STORAGE_UNAVAILABLE' })
  await draft.close()
  const again = await store.openDraft(key)
  t.equal(again.checkpoint, undefined)
  await again.append('a.csv', bytes('1'))
  await again.saveCheckpoint(1)
  await again.discard()
})

t.test('a folder that was taken away means that a later epoch has it', async (t) => {
  const store = new LocalSnapshotStore({ directory: testFolder(t), kept: 3, log: silentLog })
  const key = { spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch: 1 }
  const draft = await store.openDraft(key)
  await draft.append('a.csv', bytes('1'))
  await store.sweepDrafts(async () => false)
  await t.rejects(draft.append('b.csv', bytes('1')), DraftSuperseded)
  await t.rejects(draft.append('a.csv', bytes('1')), DraftSuperseded)
  await draft.close()
})
