import t from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import { onWindows } from '../../src/disk/windows-file-system.ts'
import { makeDurableFolder } from '../../src/storage/files/folder-flush.ts'

t.test('a folder that was made comes back under the name that it was asked for', async (t) => {
  const answers: [string, string][] = [
    ['\\\\?\\C:\\data\\sync', 'C:\\data\\sync'],
    ['\\\\?\\UNC\\server\\share\\sync', '\\\\server\\share\\sync'],
    ['C:\\data', 'C:\\data'],
  ]
  for (const [made, answer] of answers) {
    const fs = onWindows({ ...nodeFileSystem, makeFolder: async () => made })
    t.equal(await fs.makeFolder(answer), answer)
  }
  t.equal(await onWindows({ ...nodeFileSystem, makeFolder: async () => undefined }).makeFolder('there'), undefined)
})

t.test('a folder is not fsynced, and one that is gone is still an error', async (t) => {
  const refused = async () => {
    throw Object.assign(new Error('EPERM: fsync'), { code: 'EPERM' })
  }
  const fs = onWindows({ ...nodeFileSystem, syncFolder: refused })
  const directory = t.testdir({})
  await fs.syncFolder(directory)
  await t.rejects(fs.syncFolder(`${directory}/gone`), { code: 'ENOENT' })
})

t.test('folders are made durable up to the root at most, whatever name the first one comes back under', async (t) => {
  const synced: string[] = []
  const fs = {
    ...nodeFileSystem,
    makeFolder: async (path: string) => `\\\\?\\${path}`,
    syncFolder: async (path: string) => {
      synced.push(path)
    },
  }
  await makeDurableFolder(fs, '/one/two')
  t.same(synced, ['/one', '/'])
})
