import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rmdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { silentLog } from '../../src/ports/log.ts'
import { DraftSuperseded } from '../../src/ports/snapshot-store.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { FaultyFileSystem } from '../support/faulty-file-system.ts'
import { testFolder } from '../support/test-folder.ts'
import { isOf, manifestOf, publishedText, publishFiles, SPREADSHEET, stagedText } from './manifests.ts'

const aStore = (directory: string) => new LocalSnapshotStore({ directory, kept: 3, log: silentLog })
const bytes = (text: string) => Buffer.from(text)

t.test('a snapshot is a folder of its files and a manifest that people can read', async (t) => {
  const directory = testFolder(t)
  const manifest = await publishFiles(aStore(directory), { 'a.csv': 'a', 'b.json': '[]' })
  const folder = join(directory, SPREADSHEET, manifest.syncId)
  t.strictSame((await readdir(folder)).sort(), ['a.csv', 'b.json', 'manifest.json'])
  const text = await readFile(join(folder, 'manifest.json'), 'utf8')
  t.strictSame(JSON.parse(text), manifest)
  t.equal(text, `${JSON.stringify(manifest, undefined, 2)}\n`)
  t.strictSame(await readdir(join(directory, '.staging')), [])
})

t.test('an unreadable manifest is an error, not absent, and hides no other snapshot', async (t) => {
  const directory = testFolder(t)
  const store = aStore(directory)
  const good = await publishFiles(store, { 'a.csv': 'a' })
  const spoilt: Record<string, string | undefined> = {
    cutOff: '{"version": 1, "syncId"',
    garbage: '\0\0\0\0',
    anotherVersion: JSON.stringify({ ...good, version: 2 }),
    ofAnotherSync: JSON.stringify(good),
    missing: undefined,
  }
  for (const [name, text] of Object.entries(spoilt)) {
    const syncId = newSyncId()
    const folder = join(directory, SPREADSHEET, syncId)
    await mkdir(folder)
    if (text !== undefined) await writeFile(join(folder, 'manifest.json'), text)
    await t.rejects(store.find(SPREADSHEET, syncId), { code: 'SNAPSHOT_CORRUPT' }, name)
    await t.rejects(store.find(SPREADSHEET, syncId), { code: 'SNAPSHOT_CORRUPT' }, `${name}, again`)
  }
  await writeFile(join(directory, SPREADSHEET, 'notes.txt'), 'not ours')
  t.strictSame(await store.list(SPREADSHEET), [good])
})

t.test('a manifest is parsed once for as long as it is the same file', async (t) => {
  const directory = testFolder(t)
  const store = aStore(directory)
  const { syncId } = await publishFiles(store, { 'a.csv': 'a' })
  const first = await store.find(SPREADSHEET, syncId)
  t.equal((await store.list(SPREADSHEET))[0], first, 'the same object')
  const folder = join(directory, SPREADSHEET, syncId)
  await writeFile(join(folder, 'new'), JSON.stringify({ ...first, consistent: false }))
  await rename(join(folder, 'new'), join(folder, 'manifest.json'))
  t.match(await store.find(SPREADSHEET, syncId), { consistent: false })
})

t.test('nothing outside the directory is reached through symbolic links', async (t) => {
  const directory = testFolder(t, { outside: { 'a.csv': 'secret' }, store: {} })
  const store = aStore(join(directory, 'store'))
  const manifest = await publishFiles(store, { 'a.csv': 'a' })
  const { syncId } = manifest
  const folder = join(directory, 'store', SPREADSHEET, syncId)
  await symlink(join(directory, 'outside', 'a.csv'), join(folder, 'b.csv'))
  t.equal(await publishedText(store, manifest, 'b.csv'), undefined)

  const linked = newSyncId()
  await symlink(join(directory, 'outside'), join(directory, 'store', SPREADSHEET, linked))
  t.equal(await store.openFile({ spreadsheetId: SPREADSHEET, syncId: linked, name: 'a.csv' }), undefined)
  await symlink(join(directory, 'store', SPREADSHEET), join(directory, 'store', 'linked'))
  t.equal(await store.openFile({ spreadsheetId: 'linked', syncId, name: 'a.csv' }), undefined)

  await mkdir(join(folder, 'folder.csv'))
  t.equal(await publishedText(store, manifest, 'folder.csv'), undefined)
  const noManifest = join(directory, 'store', SPREADSHEET, newSyncId())
  await mkdir(noManifest)
  await writeFile(join(directory, 'outside', 'manifest.json'), JSON.stringify(manifest))
  await symlink(join(directory, 'outside', 'manifest.json'), join(noManifest, 'manifest.json'))
  await t.rejects(store.find(SPREADSHEET, noManifest.slice(-41)), { code: 'SNAPSHOT_CORRUPT' })
})

t.test('a zombie writes on through the files it holds open, and nobody ever reads it', async (t) => {
  const directory = testFolder(t)
  const store = aStore(directory)
  const key = { spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch: 1 }
  const zombie = await store.openDraft(key)
  await zombie.append('a.csv', bytes('1\n'))
  await zombie.saveCheckpoint(1)
  const draft = await store.openDraft({ ...key, epoch: 2 })
  await zombie.append('a.csv', bytes('ZOMBIE\n'))
  t.equal(await stagedText(draft, 'a.csv'), '1\n')
  t.equal(statSync(join(directory, '.staging', `${key.syncId}.2`, '.a.csv.1')).size, 2, 'they went to another inode')
  await draft.append('a.csv', bytes('2\n'))
  await zombie.append('a.csv', bytes('ZOMBIE\n'))
  const manifest = await manifestOf(draft, key.syncId, ['a.csv'])
  await draft.publish(manifest)
  await zombie.append('a.csv', bytes('ZOMBIE\n'))
  t.equal(await publishedText(store, manifest, 'a.csv'), '1\n2\n')
  await t.rejects(stagedText(zombie, 'a.csv'), DraftSuperseded)
  await zombie.close()
})

const skip = existsSync('/proc/self/fd') ? false : 'descriptors are counted in /proc'
t.test('a draft of a thousand files holds at most 64 descriptors, and none once closed', { skip }, async (t) => {
  const directory = testFolder(t)
  const store = aStore(directory)
  const key = { spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch: 1 }
  const draft = await store.openDraft(key)
  const names = Array.from({ length: 1000 }, (_, index) => `tab-${index}.csv`)
  await Promise.all(names.map((name) => draft.append(name, bytes(name))))
  const held = descriptorsIn(directory)
  t.ok(held > 0 && held <= 64, `${held} are held`)
  await draft.saveCheckpoint(1)
  await draft.close()
  t.equal(descriptorsIn(directory), 0)
  const later = await store.openDraft({ ...key, epoch: 2 })
  await later.publish(await manifestOf(later, key.syncId, names))
  t.equal(descriptorsIn(directory), 0)
  const abandoned = await store.openFile({ ...key, name: 'tab-7.csv' })
  abandoned?.destroy()
  await new Promise((resolve) => abandoned?.once('close', resolve))
  t.equal(descriptorsIn(directory), 0)
})

t.test('what a publish could not tidy up is out of reach, and goes with the next epoch', async (t) => {
  const directory = testFolder(t)
  const store = aStore(directory)
  const { syncId } = await publishFiles(store, { 'a.csv': 'a' })
  const checkpoint = join(directory, SPREADSHEET, syncId, '.checkpoint.json')
  await writeFile(checkpoint, '{}')
  t.equal(await store.openFile({ spreadsheetId: SPREADSHEET, syncId, name: '.checkpoint.json' }), undefined)
  await store.openDraft({ spreadsheetId: SPREADSHEET, syncId, epoch: 2 })
  await t.rejects(readFile(checkpoint), { code: 'ENOENT' })
})

t.test('a checkpoint that the files do not bear out is not gone on from', async (t) => {
  for (const spoil of ['cut off', 'gone', 'garbage'] as const) {
    const directory = testFolder(t)
    const store = aStore(directory)
    const key = { spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch: 1 }
    const draft = await store.openDraft(key)
    await draft.append('a.csv', bytes('12'))
    await draft.saveCheckpoint(1)
    await draft.close()
    const folder = join(directory, '.staging', `${key.syncId}.1`)
    if (spoil === 'cut off') await writeFile(join(folder, 'a.csv'), '1')
    if (spoil === 'gone') await rename(join(folder, 'a.csv'), join(folder, 'b.csv'))
    if (spoil === 'garbage') await writeFile(join(folder, '.checkpoint.json'), '{"version":1')
    const later = await store.openDraft({ ...key, epoch: 2 })
    t.equal(later.checkpoint, undefined, spoil)
    await later.append('a.csv', bytes('new'))
    t.equal(await stagedText(later, 'a.csv'), 'new')
    await later.discard()
    t.strictSame(await readdir(join(directory, '.staging')), [])
  }
})

t.test(
  'a spreadsheet without snapshots leaves no folder, and one that is removed too early is made again',
  async (t) => {
    const directory = testFolder(t)
    let removals = 0
    const rename = async (from: string, to: string) => {
      if (from.endsWith('.publication') && removals++ < 2) await rmdir(join(to, '..'))
      return nodeFileSystem.rename(from, to)
    }
    const fs = { ...nodeFileSystem, rename }
    const store = new LocalSnapshotStore({ directory, kept: 3, log: silentLog, fs })
    const manifest = await publishFiles(store, { 'a.csv': 'a' })
    t.equal(removals, 3)
    t.equal(await publishedText(store, manifest, 'a.csv'), 'a')
    await store.erase(SPREADSHEET)
    await mkdir(join(directory, 'left-by-a-crash'))
    await store.sweep(new Date())
    t.strictSame((await readdir(directory)).sort(), ['.staging', '.trash'])
  },
)

t.test('an erasure by whoever sees all takes what cannot be read too, a sweep leaves it', async (t) => {
  const directory = testFolder(t)
  const store = aStore(directory)
  const { syncId } = await publishFiles(store, { 'a.csv': 'secret' })
  await writeFile(join(directory, SPREADSHEET, syncId, 'manifest.json'), 'garbage')
  t.equal(await store.sweep(new Date('2126-01-01T00:00:00Z')), 0)
  t.equal(await store.erase(SPREADSHEET, isOf('ann')), 0)
  t.equal(await store.erase(SPREADSHEET), 1)
  t.equal(existsSync(join(directory, SPREADSHEET)), false)
})

t.test(
  'an erasure that is cut off has removed whole snapshots, and the sweep removes what is left of them',
  async (t) => {
    const directory = testFolder(t)
    let isCutOff = true
    const removeTree = async (path: string) => {
      if (isCutOff && path.includes('.trash')) throw Object.assign(new Error('EIO: injected'), { code: 'EIO' })
      return nodeFileSystem.removeTree(path)
    }
    const store = new LocalSnapshotStore({ directory, kept: 3, log: silentLog, fs: { ...nodeFileSystem, removeTree } })
    await store.start()
    for (const text of ['one', 'two']) await publishFiles(aStore(directory), { 'a.csv': text })
    await t.rejects(store.erase(SPREADSHEET), { code: 'STORAGE_UNAVAILABLE' })
    const [left, ...more] = await store.list(SPREADSHEET)
    t.strictSame(more, [])
    t.equal(left && (await publishedText(store, left, 'a.csv'))?.length, 3, 'the other one is whole')
    t.equal((await readdir(join(directory, '.trash'))).length, 1)
    isCutOff = false
    await store.sweepDrafts(async () => false)
    t.strictSame(await readdir(join(directory, '.trash')), [])
    t.equal(await store.erase(SPREADSHEET), 1, 'asked again, it goes on')
  },
)

t.test('a failing medium is told as such, and never as absence', async (t) => {
  const directory = testFolder(t, { 'not-a-folder': '' })
  const store = aStore(join(directory, 'not-a-folder'))
  await t.rejects(store.start(), { code: 'STORAGE_UNAVAILABLE' })
  await t.rejects(store.openDraft({ spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch: 1 }), {
    code: 'STORAGE_UNAVAILABLE',
  })
  const disk = new FaultyFileSystem()
  disk.set({ code: 'EIO', nth: 1, forEver: true })
  const broken = new LocalSnapshotStore({ directory, kept: 3, log: silentLog, fs: disk.fs })
  await t.rejects(broken.find(SPREADSHEET, newSyncId()), { code: 'STORAGE_UNAVAILABLE' })
})

function descriptorsIn(directory: string): number {
  let count = 0
  for (const descriptor of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(directory)) count += 1
    } catch (error) {
      // The descriptor of this very readdir is closed by now.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return count
}
