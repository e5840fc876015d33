import type { Test } from 'tap'
import type { KeyValueStore } from '../../src/ports/key-value-store.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')

/**
 * What every driver of KeyValueStore promises. `makeStore` makes an empty namespace for each test, which `open` opens once
 * more, as another process would; a driver whose entries only one instance can see hands out that instance each time.
 */
export async function testKeyValueStore(
  t: Test,
  name: string,
  makeStore: (t: Test) => Promise<{ readonly open: (namespace: string) => Promise<KeyValueStore> }>,
): Promise<void> {
  async function setUp(t: Test) {
    const { open } = await makeStore(t)
    const another = async (namespace = 'a-namespace') => {
      const store = await open(namespace)
      await store.start()
      return store
    }
    return { store: await another(), another }
  }

  await t.test(name, async (t) => {
    await t.test('an entry that is not there has no version, and the clock of the storage goes on', async (t) => {
      const { store } = await setUp(t)
      const { now, ...entry } = await store.get('a')
      t.same(entry, { value: undefined, version: undefined, writerIsGone: false })
      t.ok(now > NOW.getTime())
      await new Promise((resolve) => setTimeout(resolve, 20))
      t.ok((await store.get('a')).now > now)
    })

    await t.test('what was swapped in is read as it was written, by all, under the version it was given', async (t) => {
      const { store, another } = await setUp(t)
      const value = { text: 'Zoë 🙂 "\\', list: [1, null, { a: false }], empty: {} }
      const version = await store.compareAndSwap('a', undefined, value)
      t.type(version, 'string')
      for (const instance of [store, await another()]) {
        t.match(await instance.get('a'), { value, version, writerIsGone: false })
      }
      t.match(await (await another('b-namespace')).get('a'), { version: undefined }, 'namespaces are apart')
      t.match(await store.get('b'), { version: undefined })
    })

    await t.test('a swap with another version than the present one, or none, changes nothing', async (t) => {
      const { store, another } = await setUp(t)
      const other = await another()
      const first = await store.compareAndSwap('a', undefined, { n: 1 })
      t.equal(await other.compareAndSwap('a', undefined, { n: 2 }), undefined)
      const second = await other.compareAndSwap('a', first, { n: 3 })
      t.not(second, first)
      t.equal(await store.compareAndSwap('a', first, { n: 4 }), undefined)
      t.equal(await store.compareAndSwap('b', first, { n: 5 }), undefined, 'where there is none')
      t.match(await store.get('a'), { value: { n: 3 }, version: second })
      t.match(await store.get('b'), { version: undefined })
    })

    await t.test('of twenty concurrent swaps in three instances exactly one wins, each time', async (t) => {
      const { store, another } = await setUp(t)
      const instances = [store, await another(), await another()]
      for (let round = 0, version: string | undefined; round < 5; round++) {
        const swap = (_: unknown, n: number) => (instances[n % 3] ?? store).compareAndSwap('a', version, { round, n })
        const versions = (await Promise.all(Array.from({ length: 20 }, swap))).filter((each) => each !== undefined)
        t.equal(versions.length, 1)
        version = versions[0]
        t.match(await store.get('a'), { value: { round }, version })
      }
    })

    await t.test('a put is stored whatever is there, under a version that never comes again', async (t) => {
      const { store, another } = await setUp(t)
      const other = await another()
      const versions = new Set<string | undefined>()
      for (let n = 0; n < 10; n++) {
        await (n % 2 === 0 ? store : other).put('a', { n })
        const { value, version } = await store.get('a')
        t.same(value, { n })
        versions.add(version)
      }
      t.equal(versions.size, 10)
    })

    await t.test('remove takes the version that was expected, or any, once; then the key is free', async (t) => {
      const { store, another } = await setUp(t)
      const other = await another()
      const first = await store.compareAndSwap('a', undefined, { n: 1 })
      const second = await store.compareAndSwap('a', first, { n: 2 })
      t.equal(await other.remove('a', first), false)
      t.match(await store.get('a'), { version: second })
      t.equal(await other.remove('a', second), true)
      t.match(await store.get('a'), { value: undefined, version: undefined })
      t.equal(await store.remove('a', second), false)
      t.equal(await store.compareAndSwap('a', second, { n: 3 }), undefined)
      t.type(await store.compareAndSwap('a', undefined, { n: 4 }), 'string')
      await store.put('b', {})
      t.equal(await other.remove('b'), true)
      t.equal(await store.remove('b'), false)
    })

    await t.test('cleanup removes what has expired by the latest value, and nothing else, once', async (t) => {
      const { store, another } = await setUp(t)
      const other = await another()
      const at = (ms: number) => ({ expiresAt: new Date(NOW.getTime() + ms).toISOString() })
      await store.compareAndSwap('short', undefined, at(1000))
      await store.compareAndSwap('prolonged', await store.compareAndSwap('prolonged', undefined, at(1000)), at(2000))
      await store.compareAndSwap('kept', await store.compareAndSwap('kept', undefined, at(1000)), {})
      t.equal(await other.cleanup(new Date(NOW.getTime() + 999)), 0)
      t.equal(await other.cleanup(new Date(NOW.getTime() + 1000)), 1)
      t.match(await store.get('short'), { version: undefined })
      t.equal(await store.cleanup(new Date(NOW.getTime() + 1000)), 0)
      t.equal(await store.cleanup(new Date(NOW.getTime() + 2000)), 1)
      t.match(await store.get('kept'), { value: {} })
    })

    await t.test('keys are all that were swapped in by anybody and not removed, sorted', async (t) => {
      const { store, another } = await setUp(t)
      const other = await another()
      t.same(await store.keys(), [])
      const version = await store.compareAndSwap('c', undefined, {})
      await other.compareAndSwap('a', undefined, { expiresAt: NOW.toISOString() })
      await other.compareAndSwap('b', undefined, { expiresAt: '2999-01-01T00:00:00.000Z' })
      await (await another('b-namespace')).compareAndSwap('d', undefined, {})
      for (const instance of [store, other]) t.same(await instance.keys(), ['a', 'b', 'c'])
      await other.remove('c', version)
      for (const instance of [store, other]) t.same(await instance.keys(), ['a', 'b'])
    })

    await t.test(
      'expired are the keys of what has expired by the latest value, the earliest first, so many',
      async (t) => {
        const { store, another } = await setUp(t)
        const other = await another()
        const at = (ms: number) => ({ expiresAt: new Date(NOW.getTime() + ms).toISOString() })
        const expired = (ms: number, limit = 10, instance = store) =>
          instance.expired(new Date(NOW.getTime() + ms), limit)
        t.same(await expired(0), [])
        await store.compareAndSwap('second', undefined, at(20))
        await other.compareAndSwap('first', undefined, at(10))
        const version = await store.compareAndSwap('never', await store.compareAndSwap('never', undefined, at(5)), {})
        await other.compareAndSwap('third', await store.compareAndSwap('third', undefined, at(5)), at(3000))
        for (const instance of [store, other]) {
          t.same(await expired(9, 10, instance), [])
          t.same(await expired(10, 10, instance), ['first'])
          t.same(await expired(2999, 10, instance), ['first', 'second'])
          t.same(await expired(3000, 2, instance), ['first', 'second'])
          t.same(await expired(3000, 10, instance), ['first', 'second', 'third'])
        }
        await other.remove('first')
        await other.compareAndSwap('never', version, at(1))
        t.same(await expired(3000), ['never', 'second', 'third'])
        t.match(await store.get('second'), { value: at(20) }, 'nothing is removed')
      },
    )

    await t.test('two who clean up at once remove each entry once', async (t) => {
      const { store, another } = await setUp(t)
      const keys = Array.from({ length: 20 }, (_, n) => `key-${n}`)
      for (const key of keys) await store.compareAndSwap(key, undefined, { expiresAt: NOW.toISOString() })
      const counts = await Promise.all([store, await another()].map((each) => each.cleanup(NOW)))
      t.equal((counts[0] ?? 0) + (counts[1] ?? 0), 20)
    })

    await t.test('what is no key never becomes a path or a name', async (t) => {
      const { store } = await setUp(t)
      for (const key of ['', '../a', 'a/b', 'a.json', 'ä', 'a b', 'a\n', 'x'.repeat(201)]) {
        await t.rejects(store.get(key), TypeError)
        await t.rejects(store.compareAndSwap(key, undefined, {}), TypeError)
        await t.rejects(store.put(key, {}), TypeError)
        await t.rejects(store.remove(key), TypeError)
      }
    })
  })
}
