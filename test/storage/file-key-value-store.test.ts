import { readdir, readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { FileKeyValueStore } from '../../src/storage/file-key-value-store.ts'
import { systemClock } from '../../src/system-clock.ts'
import { testKeyValueStore } from './key-value-conformance.ts'

await testKeyValueStore(t, 'FileKeyValueStore', async (t) => {
  const directory = t.testdir({})
  return { open: async (namespace) => new FileKeyValueStore({ directory, clock: systemClock }, namespace) }
})

t.test('an entry is one file that reads well, and nothing is left beside it', async (t) => {
  const directory = t.testdir({})
  const store = new FileKeyValueStore({ directory, clock: systemClock }, 'notes')
  await store.start()
  const version = await store.compareAndSwap('a', await store.compareAndSwap('a', undefined, { n: 1 }), { n: 2 })
  t.same(await readdir(`${directory}/.notes`), ['a.json'])
  const text = await readFile(`${directory}/.notes/a.json`, 'utf8')
  t.match(JSON.parse(text), { version, value: { n: 2 } })
  t.match(text, /\n {2}"value": \{\n/)
  for (const folder of ['.tmp', '.key-claims/notes']) t.same(await readdir(`${directory}/${folder}`), [])
})

t.test('an entry that is damaged is a SyntaxError for whoever uses it, and stays', async (t) => {
  const directory = t.testdir({})
  const store = new FileKeyValueStore({ directory, clock: systemClock }, 'notes')
  await store.start()
  for (const text of ['', '{', 'null', '{"version":"../x","writer":"","value":{}}']) {
    await writeFile(`${directory}/.notes/a.json`, text)
    await t.rejects(store.get('a'), SyntaxError)
    await t.rejects(store.compareAndSwap('a', undefined, {}), SyntaxError)
    t.equal(await store.cleanup(new Date(Date.now() + 1000)), 0)
    t.equal(await readFile(`${directory}/.notes/a.json`, 'utf8'), text)
  }
})
