import { type BigIntStats, closeSync, futimesSync, openSync, type Stats, statSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { identityOf, nodeFileSystem, nodeFiles } from '../../src/disk/node-file-system.ts'
import { onWindows } from '../../src/disk/windows-file-system.ts'
import type { FileIdentity, FileSystem } from '../../src/ports/file-system.ts'
import { makeDurableFolder } from '../../src/storage/files/folder-flush.ts'
import { testFolder } from '../support/test-folder.ts'

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
  const directory = testFolder(t)
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
  const directory = testFolder(t, { file: 'text', tree: { leaf: '' }, empty: {}, from: 'new', to: 'old' })
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
  const directory = testFolder(t, { from: { a: '' }, empty: {}, full: { b: '' } })
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
  const directory = testFolder(t, { file: 'text' })
  const fs = nodeFiles({ ntfs: true })
  const path = `${directory}/file`
  const descriptor = openSync(path, 'r')
  const { ino, size, birthtimeNs, mtimeNs } = statSync(path, { bigint: true })
  const expected = {
    inode: ino,
    size: Number(size),
    bornMicros: Number(birthtimeNs / 1000n),
    modifiedMicros: Number(mtimeNs / 4000n) * 4,
  }
  for (const identity of [fs.identify(path), await fs.stat(path), fs.identifyOpen(descriptor)])
    t.match(identity, expected)
  closeSync(descriptor)
  t.same((await fs.read(path)).identity, fs.identify(path))
  t.equal(fs.identify(`${directory}/gone`), undefined)
  await writeFile(path, 'more')
  t.equal(await readFile(path, 'utf8'), 'more')
})

t.test('of any time, a double is off by one microsecond at most, and by none where a writer has set it', async () => {
  const seconds = fc.bigInt({ min: 0n, max: 4_102_444_800n })
  await fc.assert(
    fc.property(seconds, fc.bigInt({ min: 0n, max: 999_999_999n }), (second, nanos) => {
      const [plain, exact] = identitiesAt(second * 1_000_000_000n + nanos)
      const off = exact.bornMicros - plain.bornMicros
      if (off < -1 || off > 1) throw new Error(`${off} µs at ${second}.${nanos}`)
      const set = identitiesAt(second * 1_000_000_000n + (nanos / 1000n) * 1000n + 500n)
      if (set[0].modifiedMicros !== Number(second * 1_000_000n + nanos / 1000n)) throw new Error(`${second}.${nanos}`)
    }),
    { numRuns: 20_000, examples: [[1_795_828_485n, 796_511_000n]] },
  )
})

t.test('a file that nobody touches has the same numbers by every call, whatever its time', async (t) => {
  const path = `${testFolder(t, { file: 'text' })}/file`
  for (const ntfs of [false, true]) {
    const fs = nodeFiles({ ntfs })
    for (let index = 0; index < 200; index += 1) {
      const descriptor = openSync(path, 'r+')
      futimesSync(descriptor, index, 1_795_828_485 + Math.random())
      const opened = fs.identifyOpen(descriptor)
      closeSync(descriptor)
      const others = [await fs.stat(path), fs.identify(path), (await fs.read(path)).identity, fs.readNow(path).identity]
      for (const other of others) if (!isDeepStrictEqual({ ...opened, ...other }, opened)) t.same(other, opened)
    }
  }
  t.end()
})

/** A file that was made and modified at a time in nanoseconds, as a double of milliseconds tells it, and exactly. */
function identitiesAt(time: bigint): [plain: FileIdentity, exact: FileIdentity] {
  // How Node makes milliseconds of a timespec (lib/internal/fs/utils.js).
  const ms = Number(time / 1_000_000_000n) * 1000 + Number(time % 1_000_000_000n) / 1_000_000
  const plain = { ino: 1, size: 1, birthtimeMs: ms, mtimeMs: ms } as Stats
  const exact = { ino: 1n, size: 1n, birthtimeNs: time, mtimeNs: time } as BigIntStats
  return [identityOf(plain), identityOf(exact)]
}

function refuse(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(code), { code }))
}
