import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'tap'
import { isSyncId, madeAt, newSyncId } from '../../src/model/sync-id.ts'

test('ids are UUIDv7, all different, and sort in the order in which they were made', async (t) => {
  const ids: string[] = []
  // More than a millisecond counts, and over several of them.
  for (let burst = 0; burst < 3; burst++) {
    for (let n = 0; n < 10_000; n++) ids.push(newSyncId())
    await delay(2)
  }
  t.equal(ids.every(isSyncId), true)
  t.equal(new Set(ids).size, ids.length)
  t.strictSame(ids.toSorted(), ids)
})

test('an id says the millisecond in which it was made', async (t) => {
  // Nothing else makes ids here, and those of the test above have run ahead by some milliseconds.
  await delay(50)
  const before = Date.now()
  const id = newSyncId()
  const at = madeAt(id)
  t.ok(at >= before && at <= Date.now(), `${at} lies after ${before}`)
})

test('ids made while the clock is set back follow those before', (t) => {
  const first = newSyncId()
  const now = t.capture(Date, 'now', () => 1_700_000_000_000)
  const second = newSyncId()
  now.restore()
  t.ok(second > first, `${second} follows ${first}`)
  t.end()
})
