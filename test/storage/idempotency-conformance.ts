import { createHash, randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { IdempotencyStore, KeyClaim, KeyReservation, KeyState } from '../../src/syncs/idempotency-store.ts'
import { cancelSync, failSync } from '../../src/syncs/sync.ts'
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
      t.match(await keys.reserve(wanted), { state: 'mine', syncId: wanted.syncId })
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

    await t.test('a completed key names the sync that was the answer, whoever asks', async (t) => {
      const { keys, another } = await setUp(t)
      const wanted = aReservation()
      const answer = aQueuedSync()
      await keys.complete(await claim(keys, wanted), answer)
      const told = { state: 'done', fingerprint: wanted.fingerprint, syncId: answer.id }
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
      await keys.release(await claim(keys, wanted))
      const next = { ...aReservation(), key: wanted.key }
      t.match(await (await another()).reserve(next), { state: 'mine', syncId: next.syncId })
    })

    await t.test('release of a key that was never reserved, or is done, changes nothing', async (t) => {
      const { keys } = await setUp(t)
      await keys.release({ key: aHash(), version: 'a1' })
      const wanted = aReservation()
      const mine = await claim(keys, wanted)
      const answer = aQueuedSync()
      await keys.complete(mine, answer)
      await keys.release(mine)
      t.same(await keys.reserve(wanted), { state: 'done', fingerprint: wanted.fingerprint, syncId: answer.id })
    })

    await t.test('a slow holder that comes back neither releases nor completes the key of another', async (t) => {
      const { keys, another } = await setUp(t)
      const late = new Date(NOW.getTime() + ABANDONED_MS)
      for (const other of [await another(), keys]) {
        for (const act of ['release', 'complete'] as const) {
          const wanted = aReservation()
          const slow = await claim(keys, wanted)
          const taken = await claim(other, { ...wanted, now: late })
          await (act === 'release' ? keys.release(slow) : keys.complete(slow, aQueuedSync()))
          t.equal((await other.reserve({ ...wanted, now: late })).state, 'in-flight', act)
          await other.release(taken)
          const next = { ...aReservation(), key: wanted.key, now: late }
          const third = await claim(other, next)
          await (act === 'release' ? keys.release(slow) : keys.complete(slow, aQueuedSync()))
          t.equal((await other.reserve(next)).state, 'in-flight', `${act} once more`)
          const answer = aQueuedSync()
          await other.complete(third, answer)
          t.match(await keys.reserve(next), { state: 'done', syncId: answer.id })
        }
      }
    })

    await t.test('how a sync has ended is known for a day, whoever asks, and of no other', async (t) => {
      const { keys, another } = await setUp(t)
      const other = await another()
      const problem = {
        type: '',
        title: '',
        status: 404,
        detail: '',
        code: 'SHEET_NOT_FOUND',
        retryable: false,
      } as const
      const failed = failSync(aQueuedSync(), problem, NOW, 1000)
      const cancelled = cancelSync(aQueuedSync(), NOW, 1000)
      for (const end of [failed, cancelled, failed]) await keys.recordEnd(end, NOW)
      await other.recordEnd(failed, NOW)
      const finishedAt = NOW.toISOString()
      t.same(await other.findEnd(failed.id), { id: failed.id, state: 'failed', finishedAt, code: 'SHEET_NOT_FOUND' })
      t.same(await keys.findEnd(cancelled.id), { id: cancelled.id, state: 'cancelled', finishedAt, code: null })
      t.equal(await keys.findEnd(newSyncId()), undefined)
      t.equal(await other.cleanup(new Date(NOW.getTime() + DAY_MS - 1)), 0)
      t.equal(await other.cleanup(new Date(NOW.getTime() + DAY_MS)), 2)
      t.equal(await keys.findEnd(failed.id), undefined)
      await keys.recordEnd(failed, new Date(NOW.getTime() + DAY_MS))
      t.equal(await keys.findEnd(failed.id), undefined, 'no key asks by now')
    })

    await t.test('a cleanup that is aborted begins nothing more', async (t) => {
      const { keys } = await setUp(t)
      for (let n = 0; n < 3; n++) await keys.reserve({ ...aReservation(), ttlMs: 1000 })
      const later = new Date(NOW.getTime() + 1000)
      const aborted = await keys.cleanup(later, AbortSignal.abort())
      t.equal(aborted + (await keys.cleanup(later)), 3)
    })

    await t.test('keys are apart from each other', async (t) => {
      const { keys } = await setUp(t)
      const [one, two] = [aReservation(), aReservation()]
      const mine = await claim(keys, one)
      t.match(await keys.reserve(two), { state: 'mine', syncId: two.syncId })
      await keys.release(mine)
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
      const taken = await other.reserve(at(ABANDONED_MS))
      t.match(taken, { state: 'mine', syncId: wanted.syncId })
      t.equal((await keys.reserve(at(ABANDONED_MS + 1))).state, 'in-flight', 'it has a minute of its own')
      const answer = aQueuedSync()
      await other.complete(claimOf(taken), answer)
      const told = { state: 'done', fingerprint: wanted.fingerprint, syncId: answer.id }
      t.same(await keys.reserve(at(ABANDONED_MS + 2)), told)
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
      const mine = states.filter((state) => state?.state === 'mine')
      t.match(mine, [{ syncId: wanted.syncId }])
      t.equal(mine.length, 1)
    })

    await t.test('a key is remembered as long as was asked for, and is then free', async (t) => {
      const { keys, another } = await setUp(t)
      const other = await another()
      const wanted = { ...aReservation(), ttlMs: 1000 }
      await keys.complete(await claim(keys, wanted), aQueuedSync())
      const at = (ms: number) => ({ ...aReservation(), key: wanted.key, now: new Date(NOW.getTime() + ms) })
      t.equal((await other.reserve(at(999))).state, 'done')
      const next = at(1000)
      t.match(await other.reserve(next), { state: 'mine', syncId: next.syncId })
    })

    await t.test('cleanup forgets what has expired and nothing else, once', async (t) => {
      const { keys, another } = await setUp(t)
      const other = await another()
      const short = [aReservation(), aReservation(), aReservation()].map((wanted) => ({ ...wanted, ttlMs: 1000 }))
      const long = aReservation()
      for (const wanted of [...short, long]) {
        await keys.complete(await claim(keys, wanted), aQueuedSync())
      }
      t.equal(await other.cleanup(new Date(NOW.getTime() + 999)), 0)
      t.equal((await keys.reserve(short[0] ?? long)).state, 'done')
      t.equal(await other.cleanup(new Date(NOW.getTime() + 1000)), 3)
      t.equal(await keys.cleanup(new Date(NOW.getTime() + 1000)), 0)
      t.equal((await other.reserve(long)).state, 'done')
      const again = { ...aReservation(), key: short[0]?.key ?? '' }
      t.match(await keys.reserve(again), { state: 'mine', syncId: again.syncId })
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

/** Reserves a key that must be free. */
async function claim(keys: IdempotencyStore, wanted: KeyReservation): Promise<KeyClaim> {
  return claimOf(await keys.reserve(wanted))
}

export function claimOf(state: KeyState): KeyClaim {
  if (state.state !== 'mine') throw new TypeError(`the key is ${state.state}`)
  return state.claim
}

function aReservation(): KeyReservation {
  return { key: aHash(), fingerprint: aHash(), syncId: newSyncId(), now: NOW, ttlMs: DAY_MS }
}

function aHash(): string {
  return createHash('sha256').update(randomUUID()).digest('hex')
}
