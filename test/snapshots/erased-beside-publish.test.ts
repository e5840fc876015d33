import { rmdir } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import { silentLog } from '../../src/ports/log.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { testFolder } from '../support/test-folder.ts'
import { publishedText, publishFiles, SPREADSHEET } from './manifests.ts'

/**
 * A store for which the folder of a spreadsheet goes so many times while it is made, as an erasure beside it removes the
 * empty one: Node's recursive mkdir finds it there and then looks what it is, which fails with ENOENT.
 */
async function aStoreWhoseFolderGoes(t: Test, times: number) {
  const directory = testFolder(t)
  let left = times
  const fs: typeof nodeFileSystem = {
    ...nodeFileSystem,
    makeFolder: async (path) => {
      const made = await nodeFileSystem.makeFolder(path)
      if (!path.includes(SPREADSHEET) || left === 0) return made
      left -= 1
      await rmdir(path)
      throw Object.assign(new Error(`ENOENT: no such file or directory, mkdir '${path}'`), { code: 'ENOENT' })
    },
  }
  const store = new LocalSnapshotStore({ directory, kept: 3, log: silentLog, fs })
  await store.start()
  return store
}

t.test('a folder that an erasure removes while a snapshot is published into it is made again', async (t) => {
  const store = await aStoreWhoseFolderGoes(t, 3)
  const manifest = await publishFiles(store, { 'a.csv': 'new' })
  t.equal(await publishedText(store, manifest, 'a.csv'), 'new')
})

t.test('a folder that goes for ever is a failure of the disk', async (t) => {
  const store = await aStoreWhoseFolderGoes(t, Number.POSITIVE_INFINITY)
  await t.rejects(publishFiles(store, { 'a.csv': 'new' }), {
    code: 'STORAGE_UNAVAILABLE',
    message: /the folder is gone \(ENOENT\)/,
  })
})
