import t from 'tap'
import { addChange, debounceEnd, type PendingChange } from '../../src/schedules/change-debounce.ts'

const START = Date.parse('2026-01-01T00:00:00.000Z')
const LIMITS = { quietMs: 20_000, waitMaxMs: 120_000 }
const after = (seconds: number, version: string | null = '1') => ({ at: new Date(START + seconds * 1000), version })
const waits = (pending: PendingChange) => (debounceEnd(pending, LIMITS).getTime() - START) / 1000

t.test('one change is acted upon after the quiet time', async (t) => {
  const pending = addChange(null, after(0))
  t.strictSame(pending, { at: '2026-01-01T00:00:00.000Z', firstAt: '2026-01-01T00:00:00.000Z', version: '1' })
  t.equal(waits(pending), 20)
})

t.test('each further change puts it off, and its version is the one that counts', async (t) => {
  const pending = addChange(addChange(null, after(0)), after(15, '2'))
  t.equal(waits(pending), 35)
  t.equal(pending.version, '2')
  t.equal(addChange(pending, after(16, null)).version, null)
})

t.test('however often it changes, the first change waits no longer than the maximum', async (t) => {
  let pending: PendingChange | null = null
  for (let tenths = 0; tenths < 6000; tenths++) {
    if (pending !== null && waits(pending) <= tenths / 10) break
    pending = addChange(pending, after(tenths / 10, String(tenths)))
  }
  t.match(pending, { firstAt: '2026-01-01T00:00:00.000Z', version: '1199' })
  t.equal(pending && waits(pending), 120)
})

t.test('a change after the pending one was acted upon begins anew', async (t) => {
  t.equal(waits(addChange(null, after(500))), 520)
})

t.test('a clock that was set back or ahead makes nobody wait longer than the maximum', async (t) => {
  const pending = addChange(null, after(0))
  t.equal(waits(addChange(pending, after(-3600))), -3580)
  t.equal(waits(addChange(pending, after(3600))), 120)
})
