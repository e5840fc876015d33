import { readdir } from 'node:fs/promises'
import t from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { KeyReservation, KeyState } from '../../src/syncs/idempotency-store.ts'
import type { Fault } from '../support/faulty-file-system.ts'
import type { FileIdempotency } from '../support/key-value-stores.ts'
import { claimOf } from './idempotency-conformance.ts'
import { failEachCallOfKeys } from './idempotency-fault-suite.ts'
import { after, answer, aReservation, EXPIRED, NOW, setUp } from './idempotency-folder.ts'

const BEFORE: Readonly<Record<string, (store: FileIdempotency, first: KeyReservation) => Promise<Date>>> = {
  'was never used': async () => NOW,
  'was released': async (store, first) => {
    await store.release(claimOf(await store.reserve(first)))
    return NOW
  },
  'has expired': async (store, first) => {
    await store.complete(claimOf(await store.reserve(first)), answer)
    return EXPIRED
  },
  'was left reserved': async (store, first) => {
    await store.reserve(first)
    return after(60_000)
  },
}

for (const [name, prepare] of Object.entries(BEFORE)) {
  t.test(`a key that ${name}: of many claimants in several instances, beside sweepers, exactly one wins`, async (t) => {
    const { open, directory } = setUp(t)
    const stores = await Promise.all([open(), open(), open()])
    for (let round = 0; round < 30; round++) {
      const first = aReservation()
      const now = await prepare(await open(), first)
      const claims: Promise<KeyState>[] = []
      const sweeps: Promise<number>[] = []
      for (let n = 0; n < 12; n++) {
        const store = stores[n % 3] ?? (await open())
        if (n % 4 === 1) sweeps.push(store.cleanup(now))
        claims.push(store.reserve({ ...first, syncId: newSyncId(), now }))
        if (n % 4 === 3) sweeps.push(store.cleanup(now))
      }
      const states = await Promise.all(claims)
      await Promise.all(sweeps)
      t.equal(states.filter(({ state }) => state === 'mine').length, 1, JSON.stringify(states))
      t.equal(states.filter(({ state }) => state === 'in-flight').length, 11)
      const mine = states.find(({ state }) => state === 'mine')
      if (name === 'was left reserved') t.match(mine, { syncId: first.syncId })
    }
    t.same(await readdir(`${directory}/.tmp`), [])
  })
}

const FAULTS: readonly Omit<Fault, 'nth'>[] = [
  { code: 'EIO', forEver: false },
  { code: 'EIO', forEver: false, afterEffect: true },
  { code: 'ENOSPC', forEver: true },
  { code: 'EMFILE', forEver: true },
  { code: 'short write', forEver: false },
]

for (const fault of FAULTS) {
  t.test(`${JSON.stringify(fault)} at each call in turn: never two owners, and the repeat succeeds`, (t) =>
    failEachCallOfKeys(t, fault),
  )
}
