import { readdir, readFile, writeFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'
import { FileKeyValueStore } from '../../src/storage/file-key-value-store.ts'
import { systemClock } from '../../src/system-clock.ts'
import { testFolder } from '../support/test-folder.ts'
import { testKeyValueStore } from './key-value-conformance.ts'

await testKeyValueStore(t, 'FileKeyValueStore', async (t) => {
  const directory = testFolder(t)
  return { open: async (namespace) => new FileKeyValueStore({ directory, clock: systemClock }, namespace) }
})

t.test('an entry is one file that reads well, and nothing is left beside it', async (t) => {
  const directory = testFolder(t)
  const store = new FileKeyValueStore({ directory, clock: systemClock }, 'notes')
  await store.start()
  const version = await store.compareAndSwap('a', await store.compareAndSwap('a', undefined, { n: 1 }), { n: 2 })
  t.same(await readdir(`${directory}/.notes`), ['a.json'])
  const text = await readFile(`${directory}/.notes/a.json`, 'utf8')
  t.match(JSON.parse(text), { version, value: { n: 2 } })
  t.match(text, /\n {2}"value": \{\n/)
  for (const folder of ['.tmp', '.key-claims/notes']) t.same(await readdir(`${directory}/${folder}`), [])
})

t.test('a directory of its own holds the entries, and nothing else that is seen', async (t) => {
  const directory = testFolder(t)
  const store = new FileKeyValueStore({ directory, clock: systemClock }, 'notes', { ownDirectory: true })
  await store.start()
  await store.compareAndSwap('a', undefined, { n: 1 })
  t.same(
    (await readdir(directory)).filter((name) => !name.startsWith('.')),
    ['a.json'],
  )
  t.same(await store.keys(), ['a'])
})

t.test('while nothing has changed and nothing is due, the files are not looked at', async (t) => {
  const directory = testFolder(t)
  let looks = 0
  const fs: FileSystem = {
    ...nodeFileSystem,
    identify(path) {
      looks += 1
      return nodeFileSystem.identify(path)
    },
  }
  const store = new FileKeyValueStore({ directory, clock: systemClock, fs }, 'notes')
  await store.start()
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  for (const key of ['a', 'b', 'c']) await store.compareAndSwap(key, undefined, { expiresAt })
  // A change within the same tick of the kernel's clock would not show.
  const changed = nodeFileSystem.identify(`${directory}/.notes`)?.modifiedMicros ?? 0
  while (Date.now() - changed / 1000 <= 100) await setImmediate()
  t.same(await store.expired(new Date(), 10), [])
  looks = 0
  t.same(await store.expired(new Date(), 10), [])
  t.equal(looks, 1, 'the folder')
  t.same(await store.expired(new Date(expiresAt), 10), ['a', 'b', 'c'])
})

t.test('a value with an expiry beyond what a file can say is not due before its time', async (t) => {
  const store = new FileKeyValueStore({ directory: testFolder(t), clock: systemClock }, 'notes')
  await store.start()
  await store.compareAndSwap('late', undefined, { expiresAt: '2999-01-01T00:00:00.000Z' })
  t.same(await store.expired(new Date('2998-01-01'), 10), [])
  t.same(await store.expired(new Date('2999-01-01'), 10), ['late'])
})

t.test('an entry that is damaged is a SyntaxError for whoever uses it, and stays', async (t) => {
  const directory = testFolder(t)
  const store = new FileKeyValueStore({ directory, clock: systemClock }, 'notes')
  await store.start()
  for (const text of ['', '{', 'null', '{"version":"../x","writer":"","value":{}}']) {
    await writeFile(`${directory}/.notes/a.json`, text)
    await t.rejects(store.get('a'), SyntaxError)
    await t.rejects(store.compareAndSwap('a', undefined, {}), SyntaxError)
    t.equal(await store.cleanup(new Date(Date.now() + 1000)), 0)
    t.same(await store.expired(new Date(Date.now() + 1000), 10), [])
    t.equal(await readFile(`${directory}/.notes/a.json`, 'utf8'), text)
  }
})
