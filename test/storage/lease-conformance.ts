import type { Test } from 'tap'
import type { LeaseStore } from '../../src/jobs/lease-store.ts'
import { newSyncId } from '../../src/model/sync-id.ts'

export interface LeasesUnderTest {
  /** Opens the same leases once more, as another process would. The suite starts what it is given. */
  readonly open: () => Promise<LeaseStore>
}

/**
 * What every driver of LeaseStore promises. `makeLeases` makes an empty store for each test; a driver whose leases only
 * one instance can see hands out that instance each time.
 */
export async function testLeaseStore(
  t: Test,
  name: string,
  makeLeases: (t: Test) => Promise<LeasesUnderTest>,
): Promise<void> {
  async function setUp(t: Test): Promise<{ leases: LeaseStore; another: () => Promise<LeaseStore> }> {
    const { open } = await makeLeases(t)
    const another = async () => {
      const leases = await open()
      await leases.start()
      return leases
    }
    return { leases: await another(), another }
  }

  await t.test(name, async (t) => {
    await t.test('a lease that was never told is undefined', async (t) => {
      const { leases } = await setUp(t)
      t.equal(await leases.read(newSyncId(), 1), undefined)
    })

    await t.test(
      'every beat gives a sign that differs from all before it, and stays as it is until the next',
      async (t) => {
        const { leases, another } = await setUp(t)
        const other = await another()
        const id = newSyncId()
        const signs = new Set<string | undefined>()
        for (let beat = 0; beat < 20; beat++) {
          await (beat % 2 === 0 ? leases : other).renew(id, 1)
          const sign = await other.read(id, 1)
          t.same(await leases.read(id, 1), sign)
          t.same(await other.read(id, 1), sign)
          t.equal(sign?.ownerIsGone, false)
          signs.add(sign?.heartbeat)
        }
        t.equal(signs.size, 20)
        t.notOk(signs.has(undefined))
      },
    )

    await t.test('an instance that starts anew gives no sign that was given before', async (t) => {
      const { leases, another } = await setUp(t)
      const id = newSyncId()
      await leases.renew(id, 1)
      const before = await leases.read(id, 1)
      const later = await another()
      await later.renew(id, 1)
      t.not((await later.read(id, 1))?.heartbeat, before?.heartbeat)
    })

    await t.test('syncs and epochs have leases of their own', async (t) => {
      const { leases } = await setUp(t)
      const [id, other] = [newSyncId(), newSyncId()]
      await leases.renew(id, 2)
      t.equal(await leases.read(id, 1), undefined)
      t.equal(await leases.read(id, 3), undefined)
      t.equal(await leases.read(other, 2), undefined)
      const sign = await leases.read(id, 2)
      await leases.renew(id, 3)
      await leases.renew(other, 2)
      t.same(await leases.read(id, 2), sign)
    })

    await t.test('drop removes the beats of this and of earlier epochs, and no others', async (t) => {
      const { leases, another } = await setUp(t)
      const reader = await another()
      const [id, other] = [newSyncId(), newSyncId()]
      for (const epoch of [1, 2, 3, 10]) await leases.renew(id, epoch)
      await leases.renew(other, 1)
      await leases.release(id, 2)
      t.equal(await reader.read(id, 1), undefined)
      t.equal(await reader.read(id, 2), undefined)
      t.ok(await reader.read(id, 3))
      t.ok(await reader.read(id, 10))
      t.ok(await reader.read(other, 1))
      await leases.release(id, 10)
      for (const epoch of [3, 10]) t.equal(await reader.read(id, epoch), undefined)
    })

    await t.test('drop resolves where there is nothing to drop, and again', async (t) => {
      const { leases } = await setUp(t)
      const id = newSyncId()
      await leases.release(id, 1)
      await leases.renew(id, 1)
      await leases.release(id, 1)
      await leases.release(id, 1)
      t.equal(await leases.read(id, 1), undefined)
    })
  })
}
