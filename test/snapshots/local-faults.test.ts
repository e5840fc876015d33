import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import { AppError } from '../../src/errors.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { silentLog } from '../../src/ports/log.ts'
import { DraftSuperseded, type SnapshotDraft } from '../../src/ports/snapshot-store.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { type Fault, FaultyFileSystem } from '../support/faulty-file-system.ts'
import { manifestOf, publishedText, SPREADSHEET, stagedText } from './manifests.ts'

const bytes = (text: string) => Buffer.from(text)
const FINAL = { 'a.csv': '123', 'b.csv': 'newer', 'c.csv': 'new', 'd.csv': 'd' }

/** Goes on from a checkpoint to the published snapshot; `saved` hears of each checkpoint that is durable. */
async function finish(draft: SnapshotDraft, syncId: string, saved: (value: unknown) => void): Promise<void> {
  if (draft.checkpoint === 'one') {
    await draft.append('a.csv', bytes('2'))
    await draft.rewrite('b.csv', [bytes('new')])
    await draft.saveCheckpoint('two')
    saved('two')
  }
  await draft.append('a.csv', bytes('3'))
  await draft.rewrite('b.csv', [bytes('ne'), bytes('wer')])
  await draft.rewrite('c.csv', [bytes('new')])
  await draft.append('d.csv', bytes('d'))
  const manifest = await manifestOf(draft, syncId, Object.keys(FINAL))
  try {
    await draft.publish(manifest)
  } catch (error) {
    // A publish that failed may be called again.
    if (!(error instanceof AppError)) throw error
    await draft.publish(manifest)
  }
}

/** One run with one fault; resolves to whether it was reached. */
async function run(t: Test, directory: string, fault: Fault): Promise<boolean> {
  const healthy = new LocalSnapshotStore({ directory, kept: 3, log: silentLog })
  await healthy.start()
  const syncId = newSyncId()
  const key = { spreadsheetId: SPREADSHEET, syncId, epoch: 1 }
  const first = await healthy.openDraft(key)
  await first.append('a.csv', bytes('1'))
  await first.append('b.csv', bytes('old'))
  await first.append('c.csv', bytes('old'))
  await first.saveCheckpoint('one')
  await first.append('a.csv', bytes('unsaved'))

  const disk = new FaultyFileSystem()
  disk.set(fault)
  const faulty = new LocalSnapshotStore({ directory, kept: 3, log: silentLog, fs: disk.fs })
  let durable: unknown = 'one'
  let draft: SnapshotDraft | undefined
  try {
    draft = await faulty.openDraft({ ...key, epoch: 2 })
    await finish(draft, syncId, (value) => {
      durable = value
    })
    durable = 'published'
  } catch (error) {
    if (fault.code === 'short write') throw error
    const expected = fault.code === 'ENOSPC' ? 'STORAGE_FULL' : 'STORAGE_UNAVAILABLE'
    if (!(error instanceof AppError && error.code === expected)) throw error
  }
  await Promise.allSettled([draft?.close()])
  await first.close()

  // No restart: the same store goes on once its disk does.
  const wasReached = disk.struck
  const store = fault.forEver || !wasReached ? healthy : faulty
  const later = await store.openDraft({ ...key, epoch: 3 })
  if (later.published === undefined) {
    const texts = ['a.csv', 'b.csv', 'c.csv'].map((name) => stagedText(later, name))
    const state = [later.checkpoint, ...(await Promise.all(texts))].join()
    t.ok(['one,1,old,old', 'two,12,new,old'].includes(state), `resumed from ${state}`)
    t.ok(
      fault.code !== 'short write' && (durable === 'one' || durable === later.checkpoint),
      'no durable checkpoint is lost',
    )
    await finish(later, syncId, () => undefined)
  }
  await later.close()
  const manifest = await store.find(SPREADSHEET, syncId)
  if (manifest === undefined) throw new Error('nothing was published')
  for (const [name, text] of Object.entries(FINAL)) t.equal(await publishedText(store, manifest, name), text)
  await store.sweepDrafts(async () => false)
  const left = [join(directory, '.staging'), join(directory, '.trash')].flatMap((path) => readdirSync(path))
  t.strictSame(left, [], 'nothing is left behind')
  t.strictSame([...disk.open], [], 'every descriptor is closed')
  return wasReached
}

const FAULTS: Readonly<Record<string, Omit<Fault, 'nth' | 'code'>>> = {
  once: { forEver: false },
  forever: { forEver: true },
  'half of a write': { forEver: false, only: 'write', afterHalf: true },
  'short write': { forEver: false, only: 'write' },
}
for (const [how, kind] of Object.entries(FAULTS)) {
  t.test(
    `whichever call fails (${how}), a checkpoint or the snapshot is there and the next epoch finishes`,
    async (t) => {
      const directory = t.testdir({})
      let nth = 0
      for (let wasReached = true; wasReached; ) {
        nth += 1
        await t.test(`call ${nth}`, async (t) => {
          const code = nth % 2 === 0 || kind.afterHalf === true ? 'ENOSPC' : 'EIO'
          wasReached = await run(t, directory, { ...kind, nth, code: how === 'short write' ? how : code })
        })
      }
      t.ok(nth > (kind.only === undefined ? 60 : 8), `${nth - 1} calls were failed in turn`)
    },
  )
}

t.test('after a failed fsync the draft is of no more use, and says so until it is opened again', async (t) => {
  const directory = t.testdir({})
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
  const store = new LocalSnapshotStore({ directory: t.testdir({}), kept: 3, log: silentLog })
  const key = { spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch: 1 }
  const draft = await store.openDraft(key)
  await draft.append('a.csv', bytes('1'))
  await store.sweepDrafts(async () => false)
  await t.rejects(draft.append('b.csv', bytes('1')), DraftSuperseded)
  await t.rejects(draft.append('a.csv', bytes('1')), DraftSuperseded)
  await draft.close()
})
