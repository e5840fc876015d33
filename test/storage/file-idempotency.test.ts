import { readdir, readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'
import { systemProcesses } from '../../src/storage/files/processes.ts'
import { claimOf, testIdempotencyStore } from './idempotency-conformance.ts'
import { after, answer, aReservation, EXPIRED, hash, setUp, TTL_MS } from './idempotency-folder.ts'

await testIdempotencyStore(t, 'FileIdempotency', async (t) => setUp(t))

t.test('a key is one file that reads well, named by its hash, and nothing else lies beside it', async (t) => {
  const { open, directory } = setUp(t)
  const store = await open()
  const reservation = aReservation()
  const claim = claimOf(await store.reserve(reservation))
  await store.complete(claim, answer)
  t.same(await readdir(`${directory}/.idempotency`), [`${reservation.key}.json`])
  t.same(await readdir(`${directory}/.tmp`), [])
  t.match(JSON.parse(await readFile(`${directory}/.idempotency/${reservation.key}.json`, 'utf8')), {
    value: {
      fingerprint: reservation.fingerprint,
      syncId: reservation.syncId,
      expiresAt: EXPIRED.toISOString(),
      answer: { id: answer.id },
    },
  })
  for (const key of ['', '../secret', 'a-key', hash('k').toUpperCase(), `${hash('k')}/../x`]) {
    await t.rejects(store.reserve(aReservation({ key })), TypeError)
    await t.rejects(store.complete({ ...claim, key }, answer), TypeError)
    await t.rejects(store.release({ ...claim, key }), TypeError)
  }
})

for (const late of ['claimant', 'sweeper'] as const) {
  t.test(`a ${late} that sleeps while the key is forgotten and used anew harms nobody`, async (t) => {
    const { open, directory } = setUp(t)
    const [asleep, awake] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const fs: FileSystem = {
      ...nodeFileSystem,
      link: async (existing, path) => {
        asleep.resolve()
        await awake.promise
        return nodeFileSystem.link(existing, path)
      },
    }
    const [sleeper, other] = [await open({ fs }), await open()]
    const first = aReservation()
    await other.reserve(first)
    const again = { ...first, now: EXPIRED }
    const sleeping = late === 'claimant' ? sleeper.reserve(again) : sleeper.cleanup(EXPIRED)
    await asleep.promise
    t.equal(await other.cleanup(EXPIRED), 1)
    const next = { ...again, syncId: newSyncId() }
    t.match(await other.reserve(next), { state: 'mine', syncId: next.syncId })
    awake.resolve()
    t.same(await sleeping, late === 'claimant' ? { state: 'in-flight', fingerprint: first.fingerprint } : 0)
    t.equal((await other.reserve(again)).state, 'in-flight')
    t.same(await readdir(`${directory}/.idempotency`), [`${first.key}.json`])
  })
}

t.test(
  'the reservation of a process that has ended is free at once, under its id, for the same request only',
  async (t) => {
    const { open } = setUp(t)
    const dead = systemProcesses()
    const gone = await open({ processes: { ...dead, self: `999999999-${dead.self.split('-').slice(1).join('-')}` } })
    const reservation = aReservation()
    await gone.reserve(reservation)
    const store = await open()
    const other = { ...reservation, syncId: newSyncId() }
    t.same(await store.reserve({ ...other, fingerprint: hash('other') }), {
      state: 'in-flight',
      fingerprint: reservation.fingerprint,
    })
    t.match(await store.reserve(other), { state: 'mine', syncId: reservation.syncId })
  },
)

t.test('a sweeper reads no key that is still valid, and forgets all of one that is not', async (t) => {
  const { open, directory } = setUp(t)
  const reads: string[] = []
  const fs: FileSystem = {
    ...nodeFileSystem,
    read: (path, position) => {
      reads.push(path)
      return nodeFileSystem.read(path, position)
    },
  }
  const store = await open({ fs })
  const [old, young] = [aReservation(), aReservation({ now: after(1000) })]
  for (const each of [old, young]) {
    await store.release(claimOf(await store.reserve(each)))
    await store.reserve(each)
  }
  reads.length = 0
  t.equal(await store.cleanup(after(TTL_MS - 1000)), 0)
  t.same(reads, [])
  t.equal(await store.cleanup(EXPIRED), 1)
  t.same(await readdir(`${directory}/.idempotency`), [`${young.key}.json`])
})

t.test(
  'a sweeper that fails halfway is finished by its next pass, or by others once its process has ended',
  async (t) => {
    const { open, directory } = setUp(t)
    let failing = true
    const fs: FileSystem = {
      ...nodeFileSystem,
      rename: async (path, to) => {
        if (failing && path.includes('.idempotency')) throw Object.assign(new Error('EIO'), { code: 'EIO' })
        return nodeFileSystem.rename(path, to)
      },
    }
    const processes = systemProcesses()
    let isGone = false
    const failer = await open({ fs, processes: { ...processes, self: `7${processes.self}` } })
    const other = await open({
      processes: { ...processes, isGone: (token) => isGone && token === `7${processes.self}` },
    })
    for (const finisher of [failer, other]) {
      failing = true
      const reservation = aReservation()
      await failer.reserve(reservation)
      await t.rejects(failer.cleanup(EXPIRED), { code: 'STORAGE_UNAVAILABLE' })
      t.equal(await other.cleanup(EXPIRED), 0, 'its process lives')
      await t.rejects(other.reserve({ ...reservation, now: EXPIRED }), { code: 'STORAGE_UNAVAILABLE' })
      failing = false
      isGone = finisher === other
      t.equal(await finisher.cleanup(EXPIRED), 1)
      t.match(await other.reserve({ ...reservation, now: EXPIRED }), { state: 'mine' })
      t.equal(await other.cleanup(after(2 * TTL_MS)), 1)
      t.same(await readdir(`${directory}/.idempotency`), [])
    }
  },
)

t.test('a damaged record is an error for its key, and no trouble for the others', async (t) => {
  const { open, directory } = setUp(t)
  const store = await open()
  const [damaged, sound] = [aReservation(), aReservation()]
  for (const each of [damaged, sound]) await store.reserve(each)
  await writeFile(`${directory}/.idempotency/${damaged.key}.json`, '{')
  const other = await open()
  await t.rejects(other.reserve(damaged), { code: 'STORAGE_UNAVAILABLE', hint: /another Idempotency-Key/ })
  t.match(await other.reserve(sound), { state: 'in-flight' })
  t.equal(await other.cleanup(EXPIRED), 1)
})
