import t from 'tap'
import { DescriptorCache } from '../../src/snapshots/local/descriptor-cache.ts'
import { FaultyFileSystem } from '../support/faulty-file-system.ts'
import { testFolder } from '../support/test-folder.ts'

t.test('files that are open for speed alone give way when no descriptor is left', async (t) => {
  const directory = testFolder(t)
  const disk = new FaultyFileSystem()
  const cache = new DescriptorCache(disk.fs)
  const use = (name: string) =>
    cache.use(
      name,
      () => disk.fs.openToReplace(`${directory}/${name}`),
      async () => undefined,
    )
  for (const name of ['a', 'b', 'c']) await use(name)
  t.equal(disk.open.size, 3)
  disk.set({ code: 'EMFILE', nth: 1, forEver: false })
  await use('d')
  t.equal(disk.open.size, 1, 'the others are closed')
  disk.set({ code: 'EMFILE', nth: 1, forEver: true })
  await t.rejects(use('e'), { code: 'EMFILE' }, 'if that does not help, it fails')
  disk.set(undefined)
  await use('e')
  await cache.close()
  t.equal(disk.open.size, 0)
})
