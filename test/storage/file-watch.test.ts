import t, { type Test } from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'

t.test('what another process changes is told within a second, by one look at each file', async (t) => {
  const { storage, clock, looks, other } = await setUp(t)
  const [one, two] = [aQueuedSync(), aQueuedSync()]
  for (const sync of [one, two]) await other.create(sync)
  const told = { one: 0, two: 0 }
  const stops = Array.from({ length: 1000 }, () => storage.watch(one.id, () => told.one++))
  stops.push(storage.watch(two.id, () => told.two++))
  const before = looks.length
  await clock.advance(1000)
  const inOneSecond = looks.slice(before)
  t.equal(inOneSecond.length, 8, 'two files, four times')
  t.same(told, { one: 0, two: 0 }, 'nothing has changed')
  await other.replace({ ...one, revision: 2 }, 1)
  await clock.advance(1000)
  t.same(told, { one: 1000, two: 0 })
  await clock.advance(5000)
  t.same(told, { one: 1000, two: 0 }, 'told once')
  for (const stop of stops) stop()
})

t.test('nothing is looked at while nothing is watched', async (t) => {
  const { storage, clock, looks } = await setUp(t)
  const stop = storage.watch(aQueuedSync().id, () => {})
  await clock.advance(500)
  t.ok(looks.length > 1)
  stop()
  const before = looks.length
  await clock.advance(10_000)
  t.equal(looks.length, before)
  t.equal(clock.sleepers, 0, 'no timer is left')
})

t.test('a write of this process is told at once, and not a second time by the next look', async (t) => {
  const { storage, clock } = await setUp(t)
  const sync = aQueuedSync()
  let told = 0
  const stop = storage.watch(sync.id, () => told++)
  await storage.create(sync)
  t.equal(told, 1)
  await storage.replace({ ...sync, revision: 2 }, 1)
  t.equal(told, 2)
  await clock.advance(1000)
  t.equal(told, 2)
  stop()
})

t.test('a disk that cannot be read for a while tells later, and what is no sync id is never looked at', async (t) => {
  const { storage, clock, looks, other, fail } = await setUp(t)
  const sync = aQueuedSync()
  await other.create(sync)
  let told = 0
  const stops = [storage.watch(sync.id, () => told++), storage.watch('../secret', () => told++)]
  await other.replace({ ...sync, revision: 2 }, 1)
  fail(true)
  await clock.advance(2000)
  t.equal(told, 0)
  fail(false)
  await clock.advance(1000)
  t.equal(told, 1)
  t.notOk(looks.some((path) => path.includes('secret')))
  for (const stop of stops) stop()
})

async function setUp(t: Test) {
  const directory = testFolder(t)
  const clock = new FakeClock()
  const looks: string[] = []
  let failing = false
  const fs: FileSystem = {
    ...nodeFileSystem,
    identify(path) {
      looks.push(path)
      if (failing) throw Object.assign(new Error('EIO'), { code: 'EIO' })
      return nodeFileSystem.identify(path)
    },
  }
  const storage = new FileStorage({ directory, clock, log: silentLog, fs })
  const other = new FileStorage({ directory, clock, log: silentLog })
  for (const each of [storage, other]) {
    await each.start()
    t.teardown(() => each.close())
  }
  return { storage, other, clock, looks, fail: (is: boolean) => (failing = is) }
}
