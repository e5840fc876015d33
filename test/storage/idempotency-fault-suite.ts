import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import type { Test } from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import { AppError } from '../../src/errors.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { toView } from '../../src/model/sync-view.ts'
import { systemClock } from '../../src/system-clock.ts'
import { type Fault, FaultyFileSystem } from '../support/faulty-file-system.ts'
import { FileIdempotency } from '../support/key-value-stores.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'
import { claimOf } from './idempotency-conformance.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')
const TTL_MS = 86_400_000
const answer = toView(aQueuedSync())
const after = (ms: number) => new Date(NOW.getTime() + ms)
const hash = (text: string) => createHash('sha256').update(text).digest('hex')

/** Fails the 1st, the 2nd … call of a reservation and its completion. `disk` makes the disk that fails, for a folder. */
export async function failEachCallOfKeys(
  t: Test,
  fault: Omit<Fault, 'nth'>,
  disk = (_: string) => nodeFileSystem,
): Promise<void> {
  let nth = 1
  for (let struck = true; struck; nth++) {
    const directory = testFolder(t)
    const fs = disk(directory)
    const open = async (using = fs) => {
      const store = new FileIdempotency({ directory, clock: systemClock, fs: using })
      await store.start()
      return store
    }
    const faulty = new FaultyFileSystem(fs)
    const store = await open(faulty.fs)
    const syncId = newSyncId()
    const reservation = { key: hash(syncId), fingerprint: hash('a request'), syncId, now: NOW, ttlMs: TTL_MS }
    faulty.set({ ...fault, nth })
    const owned = await attempt(() => store.reserve(reservation))
    const complete = async () => {
      if (owned !== undefined) await store.complete(claimOf(owned), answer)
      return true
    }
    const completed = owned !== undefined && (await attempt(complete))
    struck = faulty.struck
    faulty.set(undefined)
    const again = { ...reservation, syncId: newSyncId() }
    const state = await store.reserve(again)
    if (owned === undefined) t.match(state, { state: 'mine', syncId: again.syncId }, `call ${nth}`)
    else if (completed === true) t.match(state, { state: 'done', syncId: answer.id }, `call ${nth}`)
    else t.match(state.state, /^(in-flight|done)$/, `call ${nth}`)
    let last = state.state === 'mine' ? state : owned
    if (state.state === 'in-flight') {
      last = await store.reserve({ ...again, now: after(60_000) })
      t.match(last, { state: 'mine', syncId: reservation.syncId }, `call ${nth}, a minute later`)
    }
    if (last !== undefined) await store.complete(claimOf(last), answer)
    const other = await open()
    t.match(await other.reserve(again), { state: 'done' }, `call ${nth}, elsewhere`)
    t.equal(await other.cleanup(after(2 * TTL_MS)), 1, `call ${nth}`)
    t.same(await readdir(`${directory}/.idempotency`), [])
  }
  t.ok(nth > 3, `${nth - 1} calls`)
}

/** `undefined` when it failed as a store may fail. */
async function attempt<T>(task: () => Promise<T>): Promise<T | undefined> {
  try {
    return await task()
  } catch (error) {
    if (error instanceof AppError && error.status === 503) return undefined
    throw error
  }
}
