import { readdir } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'
import { silentLog } from '../../src/ports/log.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { testFolder } from '../support/test-folder.ts'
import { windowsDisk } from '../support/windows-disk.ts'
import { testOnDisk } from './foreign-disk-suite.ts'
import { publishedText, publishFiles, SPREADSHEET } from './manifests.ts'

testOnDisk(t, 'Windows', windowsDisk)

t.test('spreadsheets whose ids differ by case only, or name a device, have folders of their own', async (t) => {
  const { store, directory } = await aStore(t)
  const ids = ['Book1', 'book1', 'BOOK1', 'con', 'CON', 'Lpt1']
  for (const id of ids) {
    const manifest = await publishFiles(store, { 'a.csv': id }, { spreadsheetId: id })
    t.strictSame(await store.list(id), [manifest], id)
    t.equal(await publishedText(store, manifest, 'a.csv'), id)
  }
  t.strictSame((await readdir(directory)).filter((name) => !name.startsWith('.')).sort(), [
    'book1',
    'book1@g',
    'book1@u',
    'con@0',
    'con@7',
    'lpt1@8',
  ])
})

t.test('what was published under the id itself, as on a disk that tells case, is found', async (t) => {
  const { store, directory, fs } = await aStore(t)
  const manifest = await publishFiles(store, { 'a.csv': 'old' })
  const [name = ''] = (await readdir(directory)).filter((each) => each.includes('@'))
  await fs.rename(`${directory}/${name}`, `${directory}/${SPREADSHEET}`)
  t.equal(await store.find(SPREADSHEET, manifest.syncId), undefined)
  await store.start()
  t.strictSame(await store.list(SPREADSHEET), [manifest])
})

t.test('a snapshot that a program has open for itself stays until the next sweep, and hinders nothing', async (t) => {
  let held = 'nothing'
  const isHeld = (path: string) => path.endsWith(held) || path.endsWith(`${held}/a.csv`)
  const { store, directory } = await aStore(t, (fs) => ({
    ...fs,
    // Excel shares its file with nobody; a folder with it in it cannot be renamed either.
    rename: (from, to) => (isHeld(from) ? refuse() : fs.rename(from, to)),
  }))
  const [old, older, newest] = [newSyncId(), newSyncId(), newSyncId()]
  for (const [day, syncId] of [older, old, newest].entries()) {
    await publishFiles(store, { 'a.csv': '1' }, { syncId, publishedAt: `2026-01-0${day + 1}T00:00:00Z` })
  }
  const [folder = ''] = (await readdir(directory)).filter((name) => name.includes('@'))
  held = older
  t.strictSame(await store.prune(SPREADSHEET), [old], 'the others go')
  t.equal(await store.find(SPREADSHEET, older), undefined, 'it is a snapshot no more')
  t.strictSame(
    (await store.list(SPREADSHEET)).map(({ syncId }) => syncId),
    [newest],
  )
  t.equal(await store.sweep(new Date()), 0)
  t.strictSame((await readdir(`${directory}/${folder}`)).sort(), [older, newest].sort(), 'still held')
  held = 'nothing'
  t.equal(await store.sweep(new Date()), 1)
  t.strictSame(await readdir(`${directory}/${folder}`), [newest])
  await store.sweepDrafts(async () => false)
  t.strictSame(await readdir(`${directory}/.trash`), [])
})

t.test('a file that is being streamed is streamed to its end, and its snapshot is gone at once', async (t) => {
  const { store } = await aStore(t)
  const [old, newest] = [newSyncId(), newSyncId()]
  await publishFiles(store, { 'a.csv': 'rows' }, { syncId: old, publishedAt: '2026-01-01T00:00:00Z' })
  await publishFiles(store, { 'a.csv': 'rows' }, { syncId: newest, publishedAt: '2026-01-02T00:00:00Z' })
  const stream = await store.openFile({ spreadsheetId: SPREADSHEET, syncId: old, name: 'a.csv' })
  t.strictSame(await store.prune(SPREADSHEET), [old])
  t.equal(await store.find(SPREADSHEET, old), undefined)
  t.equal(stream && (await buffer(stream)).toString(), 'rows')
})

async function aStore(t: Test, around: (fs: FileSystem) => FileSystem = (fs) => fs) {
  const directory = testFolder(t)
  const disk = windowsDisk(directory)
  const fs = around(disk)
  const store = new LocalSnapshotStore({ directory, kept: 1, log: silentLog, fs })
  await store.start()
  return { store, directory, fs }
}

function refuse(): Promise<never> {
  return Promise.reject(Object.assign(new Error('EBUSY: in use'), { code: 'EBUSY' }))
}
