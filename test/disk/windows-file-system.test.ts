import { closeSync, openSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { nodeFileSystem, nodeFiles } from '../../src/disk/node-file-system.ts'
import { onWindows } from '../../src/disk/windows-file-system.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'
import { makeDurableFolder } from '../../src/storage/files/folder-flush.ts'

const noPause = async () => {}

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
  const fs = onWindows({ ...nodeFileSystem, syncFolder: () => refuse('EPERM') })
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

t.test('what somebody has open is tried again for a second and a half, in short pauses that grow', async (t) => {
  for (const code of ['EPERM', 'EACCES', 'EBUSY']) {
    const pauses: number[] = []
    const held = onWindows({ ...nodeFileSystem, unlink: () => refuse(code) }, async (ms) => pauses.push(ms))
    await t.rejects(held.unlink('a'), { code })
    const total = pauses.reduce((sum, ms) => sum + ms, 0)
    t.ok(total >= 1500 && total < 1700, `${total} ms`)
    t.same(pauses.slice(0, 4), [2, 4, 8, 16])
    t.equal(Math.max(...pauses), 100)
  }
})

t.test('each call that can be held up takes effect once it is let go of', async (t) => {
  const directory = t.testdir({ file: 'text', tree: { leaf: '' }, empty: {}, from: 'new', to: 'old' })
  let refusals = 0
  const twiceHeld = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
    let left = 2
    return (...args: A): Promise<R> => {
      if (left-- <= 0) return call(...args)
      refusals++
      return refuse('EBUSY')
    }
  }
  const { link, rename, unlink, read, removeFolder, removeTree, openToRead, openNew } = nodeFileSystem
  const held = { link, rename, unlink, read, removeFolder, removeTree, openToRead, openNew }
  const calls = Object.entries(held).map(([name, call]) => [name, twiceHeld(call as () => Promise<unknown>)])
  const fs: FileSystem = onWindows({ ...nodeFileSystem, ...Object.fromEntries(calls) }, noPause)
  await fs.link(`${directory}/file`, `${directory}/second`)
  await fs.rename(`${directory}/from`, `${directory}/to`)
  await fs.unlink(`${directory}/second`)
  t.equal((await fs.read(`${directory}/to`)).bytes.toString(), 'new')
  await fs.removeFolder(`${directory}/empty`)
  await fs.removeTree(`${directory}/tree`)
  await fs.close(await fs.openToRead(`${directory}/file`))
  await fs.close(await fs.openNew(`${directory}/made`))
  t.same((await readdir(directory)).sort(), ['file', 'made', 'to'])
  t.equal(refusals, 16)
})

t.test('any other failure is one at once', async (t) => {
  let calls = 0
  const fs = onWindows({
    ...nodeFileSystem,
    rename: () => {
      calls++
      return refuse('ENOENT')
    },
  })
  await t.rejects(fs.rename('a', 'b'), { code: 'ENOENT' })
  t.equal(calls, 1)
})

t.test('a folder takes the place of an empty one, and of no other', async (t) => {
  const directory = t.testdir({ from: { a: '' }, empty: {}, full: { b: '' } })
  const fs = onWindows(
    {
      ...nodeFileSystem,
      // MoveFileEx replaces no folder.
      rename: async (from, to) =>
        (await nodeFileSystem.stat(to)) === undefined ? nodeFileSystem.rename(from, to) : refuse('EPERM'),
    },
    noPause,
  )
  await t.rejects(fs.rename(`${directory}/from`, `${directory}/full`), { code: 'ENOTEMPTY' })
  await fs.rename(`${directory}/from`, `${directory}/empty`)
  t.same(await readdir(`${directory}/empty`), ['a'])
  t.same(await readdir(`${directory}/full`), ['b'])
  await mkdir(`${directory}/next`)
  await fs.rename(`${directory}/empty`, `${directory}/next`)
  t.same((await readdir(directory)).sort(), ['full', 'next'])
})

t.test('numbers of files are exact where a double is not', async (t) => {
  const directory = t.testdir({ file: 'text' })
  const fs = nodeFiles({ ntfs: true })
  const plain = nodeFiles({ ntfs: false })
  const path = `${directory}/file`
  const descriptor = openSync(path, 'r')
  for (const identity of [fs.identify(path), await fs.stat(path), fs.identifyOpen(descriptor)]) {
    const { inode, ...rest } = plain.identifyOpen(descriptor)
    const { size, bornMicros, modifiedMicros } = rest
    const fourth = Math.floor(modifiedMicros / 4) * 4
    t.match(identity, { inode: BigInt(inode), size, bornMicros, modifiedMicros: fourth })
  }
  closeSync(descriptor)
  t.same((await fs.read(path)).identity, fs.identify(path))
  t.equal(fs.identify(`${directory}/gone`), undefined)
  await writeFile(path, 'more')
  t.equal(await readFile(path, 'utf8'), 'more')
})

function refuse(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(code), { code }))
}
