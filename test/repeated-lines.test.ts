import t from 'tap'
import { AppError } from '../src/errors.ts'
import { RepeatedLines } from '../src/repeated-lines.ts'

const away = (doing = 'read') =>
  new AppError('STORAGE_UNAVAILABLE', `The status could not be ${doing}.`, { cause: new Error('connection refused') })

t.test('while the storage is away one line says so in a minute, and the next says how many did not', async (t) => {
  let now = 0
  const lines = new RepeatedLines(() => now)
  t.equal(lines.admit({ err: away(), syncId: 'one' }, 'a heartbeat failed'), 0)
  t.equal(lines.admit({ err: away(), syncId: 'two' }, 'a heartbeat failed'), undefined, 'of whichever sync')
  t.equal(lines.admit({ err: away('listed') }, 'the scan failed'), undefined, 'nor of which task')
  t.equal(lines.admit({ err: away(), req: {}, requestId: 'a' }, 'request failed'), 0, 'somebody has seen it fail')
  t.equal(lines.admit({ err: away(), req: {}, requestId: 'b' }, 'request failed'), undefined)
  t.equal(lines.admit({ err: new AppError('STORAGE_FULL', 'Full.') }, 'a heartbeat failed'), 0, 'another reason')
  now = 59_999
  t.equal(lines.admit({ err: away(), syncId: 'one' }, 'a heartbeat failed'), undefined)
  now = 60_000
  t.equal(lines.admit({ err: away(), syncId: 'one' }, 'a heartbeat failed'), 3)
  now = 120_000
  t.equal(lines.admit({ err: away(), syncId: 'one' }, 'a heartbeat failed'), 0, 'counted anew')
})

t.test('failures that are about something else each, and events, are never withheld', async (t) => {
  const lines = new RepeatedLines(() => 0)
  for (const syncId of ['one', 'two']) t.equal(lines.admit({ err: new Error('broken'), syncId }, 'a task failed'), 0)
  t.equal(lines.admit({ err: new Error('broken'), syncId: 'two' }, 'a task failed'), undefined, 'the very same again')
  for (const _ of [1, 2]) t.equal(lines.admit({ syncId: 'one', code: 'STORAGE_FULL' }, 'sync failed'), 0)
})

t.test('however many failures there are, a thousand are remembered', async (t) => {
  const lines = new RepeatedLines(() => 0)
  for (let n = 0; n < 1001; n++) lines.admit({ err: new Error('broken'), n }, 'a task failed')
  t.equal(lines.admit({ err: new Error('broken'), n: 1000 }, 'a task failed'), undefined)
  t.equal(lines.admit({ err: new Error('broken'), n: 0 }, 'a task failed'), 0, 'the oldest is forgotten')
})
