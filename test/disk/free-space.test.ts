import t from 'tap'
import { FreeSpace } from '../../src/disk/free-space.ts'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'

const MB = 1024 * 1024

/** A disk with so many bytes free, of which nothing is taken but by hand. */
function aDisk(leastBytes: number) {
  const disk = { freeBytes: 500 * MB, looks: 0, written: 0 }
  const space = new FreeSpace(
    {
      ...nodeFileSystem,
      async volume(path) {
        t.equal(path, '/the/folder')
        disk.looks += 1
        return { kind: 0, freeBytes: disk.freeBytes }
      },
      async write(_, bytes, offset) {
        disk.written += bytes.length - offset
        return bytes.length - offset
      },
    },
    '/the/folder',
    leastBytes,
  )
  return { disk, space, write: (bytes: number) => space.fs.write(1, new Uint8Array(bytes), 0) }
}

t.test('the disk is looked at before the first write, and then once in 16 MB', async (t) => {
  const { disk, write } = aDisk(200 * MB)
  for (let at = 0; at < 64; at += 1) await write(MB)
  t.equal(disk.written, 64 * MB)
  t.equal(disk.looks, 4)
})

t.test('with too little free every write is refused, in words, until there is more', async (t) => {
  const { disk, space, write } = aDisk(200 * MB)
  await write(1)
  disk.freeBytes = 199 * MB
  await write(MB)
  const refusal = { code: 'STORAGE_FULL', message: /208 MB of the disk are free/, hint: /\/the\/folder.*DISK_FREE_MIN/ }
  await t.rejects(write(16 * MB), refusal)
  await t.rejects(write(1), refusal, 'a small one too')
  await t.rejects(space.assert(), refusal)
  t.equal(disk.written, MB + 1)
  disk.freeBytes = 201 * MB
  await write(1)
  await space.assert()
})

t.test('without a minimum nobody looks', async (t) => {
  const { disk, space, write } = aDisk(0)
  disk.freeBytes = 0
  await write(100 * MB)
  await space.assert()
  t.equal(disk.looks, 0)
})

t.test('the disk of this machine tells what is free', async (t) => {
  const { freeBytes } = await nodeFileSystem.volume('.')
  t.ok(Number.isSafeInteger(freeBytes) && freeBytes > 0, `${freeBytes}`)
})
