import { createHash, randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { toView } from '../../src/model/sync-view.ts'
import type { IdempotencyStore, KeyReservation } from '../../src/syncs/idempotency-store.ts'
import { aQueuedSync } from '../support/syncs.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')
const DAY_MS = 86_400_000
/** After so long a reservation that was neither completed nor released belongs to a dead process. */
const ABANDONED_MS = 60_000

export interface KeysUnderTest {
  /** Opens the same keys once more, as another process would. The suite starts what it is given. */
  readonly open: () => Promise<IdempotencyStore>
}

/**
 * What every driver of IdempotencyStore promises. `makeKeys` makes an empty store for each test; a driver whose keys only
 * one instance can see hands out that instance each time.
 */
export async function testIdempotencyStore(
  t: Test,
  name: string,
  makeKeys: (t: Test) => Promise<KeysUnderTest>,
): Promise<void> {
  async function setUp(t: Test): Promise<{ keys: IdempotencyStore; another: () => Promise<IdempotencyStore> }> {
    const { open } = await makeKeys(t)
    const another = async () => {
      const keys = await open()
      await keys.start()
      return keys
    }
    return { keys: await another(), another }
  }

  await t.test(name, async (t) => {
    await t.test('a new key is mine, with the id that I gave', async (t) => {
      const { keys } = await setUp(t)
      const wanted = aReservation()
      t.same(await keys.reserve(wanted), { state: 'mine', syncId: wanted.syncId })
    })

    await t.test('of twenty concurrent reservations of one key exactly one gets it', async (t) => {
      const { keys, another } = await setUp(t)
      const instances = [keys, await another(), await another()]
      for (let round = 0; round < 5; round++) {
        const wanted = aReservation()
        const states = await Promise.all(
          Array.from({ length: 20 }, (_, n) => instances[n % 3]?.reserve({ ...wanted, syncId: newSyncId() })),
        )
        t.equal(states.filter((state) => state?.state === 'mine').length, 1)
        for (const state of states) {
          if (state?.state !== 'mine') t.same(state, { state: 'in-flight', fingerprint: wanted.fingerprint })
        }
      }
    })

    await t.test('a key in flight tells whose request holds it, also to another request', async (t) => {
      const { keys, another } = await setUp(t)
      const wanted = aReservation()
      await keys.reserve(wanted)
      const told = { state: 'in-flight', fingerprint: wanted.fingerprint }
      t.same(await (await another()).reserve({ ...wanted, syncId: newSyncId() }), told)
      t.same(await keys.reserve({ ...wanted, syncId: newSyncId(), fingerprint: aHash() }), told)
    })

    await t.test('a completed key answers as it was answered, whoever asks', async (t) => {
      const { keys, another } = await setUp(t)
      const wanted = aReservation()
      await keys.reserve(wanted)
      const answer = toView(aQueuedSync({ labels: { team: 'Zoë 🙂', empty: '' } }))
      await keys.complete(wanted.key, answer)
      const told = { state: 'done', fingerprint: wanted.fingerprint, answer }
      for (const instance of [keys, await another()]) {
        t.same(await instance.reserve({ ...wanted, syncId: newSyncId() }), told)
        t.same(await instance.reserve({ ...wanted, syncId: newSyncId(), fingerprint: aHash() }), told)
      }
      const late = new Date(NOW.getTime() + wanted.ttlMs - 1)
      t.same(await keys.reserve({ ...wanted, now: late }), told)
    })

    await t.test('a released key is free, for any request and another id', async (t) => {
      const { keys, another } = await setUp(t)
      const wanted = aReservation()
      await keys.reserve(wanted)
      await keys.release(wanted.key)
      const next = { ...aReservation(), key: wanted.key }
      t.same(await (await another()).reserve(next), { state: 'mine', syncId: next.syncId })
    })

    await t.test('release of a key that was never reserved, or is done, changes nothing', async (t) => {
      const { keys } = await setUp(t)
      await keys.release(aHash())
      const wanted = aReservation()
      await keys.reserve(wanted)
      const answer = toView(aQueuedSync())
      await keys.complete(wanted.key, answer)
      await keys.release(wanted.key)
      t.same(await keys.reserve(wanted), { state: 'done', fingerprint: wanted.fingerprint, answer })
    })

    await t.test('keys are apart from each other', async (t) => {
      const { keys } = await setUp(t)
      const [one, two] = [aReservation(), aReservation()]
      await keys.reserve(one)
      t.same(await keys.reserve(two), { state: 'mine', syncId: two.syncId })
      await keys.release(one.key)
      t.equal((await keys.reserve({ ...two, syncId: newSyncId() })).state, 'in-flight')
    })

    await t.test('a reservation whose process died is taken over after a minute, under its own sync id', async (t) => {
      const { keys, another } = await setUp(t)
      const other = await another()
      const wanted = aReservation()
      await keys.reserve(wanted)
      const at = (ms: number) => ({ ...wanted, syncId: newSyncId(), now: new Date(NOW.getTime() + ms) })
      t.equal((await other.reserve(at(ABANDONED_MS - 1))).state, 'in-flight')
      t.equal((await other.reserve({ ...at(ABANDONED_MS), fingerprint: aHash() })).state, 'in-flight')
      t.same(await other.reserve(at(ABANDONED_MS)), { state: 'mine', syncId: wanted.syncId })
      t.equal((await keys.reserve(at(ABANDONED_MS + 1))).state, 'in-flight', 'it has a minute of its own')
      const answer = toView(aQueuedSync())
      await other.complete(wanted.key, answer)
      t.same(await keys.reserve(at(ABANDONED_MS + 2)), { state: 'done', fingerprint: wanted.fingerprint, answer })
    })

    await t.test('of those who find an abandoned key exactly one gets it', async (t) => {
      const { keys, another } = await setUp(t)
      const instances = [keys, await another()]
      const wanted = aReservation()
      await keys.reserve(wanted)
      const now = new Date(NOW.getTime() + ABANDONED_MS)
      const states = await Promise.all(
        Array.from({ length: 20 }, (_, n) => instances[n % 2]?.reserve({ ...wanted, syncId: newSyncId(), now })),
      )
      t.same(
        states.filter((state) => state?.state === 'mine'),
        [{ state: 'mine', syncId: wanted.syncId }],
      )
    })

    await t.test('a key is remembered as long as was asked for, and is then free', async (t) => {
      const { keys, another } = await setUp(t)
      const other = await another()
      const wanted = { ...aReservation(), ttlMs: 1000 }
      await keys.reserve(wanted)
      await keys.complete(wanted.key, toView(aQueuedSync()))
      const at = (ms: number) => ({ ...aReservation(), key: wanted.key, now: new Date(NOW.getTime() + ms) })
      t.equal((await other.reserve(at(999))).state, 'done')
      const next = at(1000)
      t.same(await other.reserve(next), { state: 'mine', syncId: next.syncId })
    })

    await t.test('cleanup forgets what has expired and nothing else, once', async (t) => {
      const { keys, another } = await setUp(t)
      const other = await another()
      const short = [aReservation(), aReservation(), aReservation()].map((wanted) => ({ ...wanted, ttlMs: 1000 }))
      const long = aReservation()
      for (const wanted of [...short, long]) {
        await keys.reserve(wanted)
        await keys.complete(wanted.key, toView(aQueuedSync()))
      }
      t.equal(await other.cleanup(new Date(NOW.getTime() + 999)), 0)
      t.equal((await keys.reserve(short[0] ?? long)).state, 'done')
      t.equal(await other.cleanup(new Date(NOW.getTime() + 1000)), 3)
      t.equal(await keys.cleanup(new Date(NOW.getTime() + 1000)), 0)
      t.equal((await other.reserve(long)).state, 'done')
      const again = { ...aReservation(), key: short[0]?.key ?? '' }
      t.same(await keys.reserve(again), { state: 'mine', syncId: again.syncId })
    })

    await t.test('two who clean up at once forget each key once', async (t) => {
      const { keys, another } = await setUp(t)
      const other = await another()
      const wanted = Array.from({ length: 20 }, () => ({ ...aReservation(), ttlMs: 1000 }))
      for (const one of wanted) await keys.reserve(one)
      const later = new Date(NOW.getTime() + DAY_MS)
      const counts = await Promise.all([keys.cleanup(later), other.cleanup(later)])
      t.equal((counts[0] ?? 0) + (counts[1] ?? 0), 20)
    })

    await t.test('what is no SHA-256 in hex never becomes a key', async (t) => {
      const { keys } = await setUp(t)
      for (const key of ['', '../x', 'A'.repeat(64), `${aHash()}\n`, aHash().slice(1)]) {
        await t.rejects(keys.reserve({ ...aReservation(), key }), TypeError)
      }
    })
  })
}

function aReservation(): KeyReservation {
  return { key: aHash(), fingerprint: aHash(), syncId: newSyncId(), now: NOW, ttlMs: DAY_MS }
}

function aHash(): string {
  return createHash('sha256').update(randomUUID()).digest('hex')
}
