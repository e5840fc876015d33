import t from 'tap'
import { KeyAllowance } from '../../src/syncs/key-allowance.ts'
import { MemoryKeyValueStore } from '../support/memory-key-value-store.ts'

const HOUR = 3_600_000
const NOON = Date.parse('2026-01-01T12:30:00.000Z')

async function takeAll(allowance: KeyAllowance, owner: string | null, at: number, times: number): Promise<number> {
  let taken = 0
  for (let n = 0; n < times; n++) if ((await allowance.take(owner, new Date(at))) === undefined) taken += 1
  return taken
}

t.test('an owner has so many keys a day, whatever the process, and others have theirs', async (t) => {
  const records = new MemoryKeyValueStore()
  const [one, other] = [new KeyAllowance(records, 10), new KeyAllowance(records, 10)]
  t.equal(await takeAll(one, 'a', NOON, 6), 6)
  t.equal(await takeAll(other, 'a', NOON, 6), 4)
  const refusal = await one.take('a', new Date(NOON))
  t.match(refusal, { code: 'TOO_MANY_IDEMPOTENCY_KEYS', status: 429, hint: /MAX_IDEMPOTENCY_KEYS_PER_KEY/ })
  t.equal(refusal?.retryAfterSeconds, 24.5 * 3600)
  t.equal(await takeAll(one, 'b', NOON, 11), 10)
  t.equal(await takeAll(one, null, NOON, 11), 10)
})

t.test('what was counted an hour is free once the last key of that hour is forgotten', async (t) => {
  const allowance = new KeyAllowance(new MemoryKeyValueStore(), 10)
  t.equal(await takeAll(allowance, 'a', NOON, 4), 4)
  t.equal(await takeAll(allowance, 'a', NOON + 5 * HOUR, 20), 6)
  t.equal(await takeAll(allowance, 'a', NOON + 24 * HOUR, 20), 0)
  t.equal(await takeAll(allowance, 'a', NOON + 24.5 * HOUR, 20), 4)
  t.equal(await takeAll(allowance, 'a', NOON + 29.5 * HOUR, 20), 6)
})

t.test('what is given back is there again, and a thousandth is counted at a time', async (t) => {
  const records = new MemoryKeyValueStore()
  const allowance = new KeyAllowance(records, 5000)
  let writes = 0
  const compareAndSwap = records.compareAndSwap.bind(records)
  records.compareAndSwap = (...args) => {
    writes += 1
    return compareAndSwap(...args)
  }
  t.equal(await takeAll(allowance, 'a', NOON, 50), 50)
  t.equal(writes, 10)
  for (let n = 0; n < 3; n++) allowance.giveBack('a', new Date(NOON))
  t.equal(await takeAll(allowance, 'a', NOON, 4953), 4953)
})

t.test('what is given back in another hour than it was counted in makes no room there', async (t) => {
  const allowance = new KeyAllowance(new MemoryKeyValueStore(), 10)
  t.equal(await takeAll(allowance, 'a', NOON, 5), 5)
  t.equal(await takeAll(allowance, 'a', NOON + HOUR, 1), 1)
  allowance.giveBack('a', new Date(NOON))
  t.equal(await takeAll(allowance, 'a', NOON + HOUR, 20), 4)
})

t.test('a count that is damaged begins anew; one that cannot be read is an error', async (t) => {
  const records = new MemoryKeyValueStore()
  const allowance = new KeyAllowance(records, 5)
  t.equal(await takeAll(allowance, 'a', NOON, 5), 5)
  const get = records.get.bind(records)
  records.get = async (key) => ({ ...(await get(key)), value: { hours: 'none' } })
  const later = new KeyAllowance(records, 5)
  t.equal(await takeAll(later, 'a', NOON, 1), 1)
  records.fault = new Error('the disk is gone')
  await t.rejects(new KeyAllowance(records, 5).take('a', new Date(NOON)), /gone/)
})
