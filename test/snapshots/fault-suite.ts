import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import { AppError } from '../../src/errors.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { SnapshotDraft } from '../../src/ports/snapshot-store.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { type Fault, FaultyFileSystem } from '../support/faulty-file-system.ts'
import { testFolder } from '../support/test-folder.ts'
import { manifestOf, publishedText, SPREADSHEET, stagedText } from './manifests.ts'

const bytes = (text: string) => Buffer.from(text)
const CODES: Partial<Record<Fault['code'], string>> = { ENOSPC: 'STORAGE_FULL', EMFILE: 'STORAGE_BUSY' }
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
async function run(t: Test, directory: string, fault: Fault, fs: FileSystem): Promise<boolean> {
  const healthy = new LocalSnapshotStore({ directory, kept: 3, log: silentLog, fs })
  await healthy.start()
  const syncId = newSyncId()
  const key = { spreadsheetId: SPREADSHEET, syncId, epoch: 1 }
  const first = await healthy.openDraft(key)
  await first.append('a.csv', bytes('1'))
  await first.append('b.csv', bytes('old'))
  await first.append('c.csv', bytes('old'))
  await first.saveCheckpoint('one')
  await first.append('a.csv', bytes('unsaved'))

  const disk = new FaultyFileSystem(fs)
  const faulty = new LocalSnapshotStore({ directory, kept: 3, log: silentLog, fs: disk.fs })
  await faulty.start()
  disk.set(fault)
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
    const expected = CODES[fault.code] ?? 'STORAGE_UNAVAILABLE'
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

/** Fails each call in turn, in a draft that goes on from a checkpoint. `disk` makes the disk that fails, for a folder; `step`: only so manieth. */
export async function failEachCall(
  t: Test,
  how: string,
  kind: Omit<Fault, 'nth' | 'code'>,
  disk = (_: string) => nodeFileSystem,
  step = 1,
): Promise<void> {
  const directory = testFolder(t)
  const fs = disk(directory)
  let nth = 1 - step
  for (let wasReached = true; wasReached; ) {
    nth += step
    // So that it ends when the test does, as by a timeout.
    wasReached = false
    await t.test(`call ${nth}`, async (t) => {
      const code = nth % 2 === 0 || kind.afterHalf === true ? 'ENOSPC' : 'EIO'
      wasReached = await run(t, directory, { ...kind, nth, code: how === 'short write' ? how : code }, fs)
    })
  }
  t.ok(nth > (kind.only === undefined ? 60 : 8), `${nth - 1} calls were failed in turn`)
}
