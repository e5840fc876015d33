import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { GoogleApi } from '../../src/sheets/google-api.ts'
import { systemClock } from '../../src/system-clock.ts'
import { anEmulator } from '../support/service.ts'

const faultOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: Error) => error,
  )

t.test('what Google asks to wait is read from its answers', async (t) => {
  const emulator = await anEmulator(t, {
    workbooks: [{ id: 'book', title: 'Book', tabs: [tabFromRows(0, 'One', [['a']])] }],
  })
  const api = new GoogleApi({ clock: systemClock, rootUrl: emulator.rootUrl })
  const call = { signal: new AbortController().signal, timeoutMs: 10_000, onSend() {} }
  for (const status of [429, 503]) {
    emulator.fail({ do: { status, headers: { 'retry-after': '7' } } })
    t.match(await faultOf(api.describe('book', call)), { name: 'CallFault', retryAfterMs: 7000 })
  }
  emulator.fail({ do: { status: 403, reason: 'userRateLimitExceeded', headers: { 'retry-after': '7' } } })
  t.match(await faultOf(api.version('book', call)), { name: 'CallFault', retryAfterMs: 7000 })
  emulator.fail({ do: { status: 429 } })
  t.match(await faultOf(api.describe('book', call)), { name: 'CallFault', retryAfterMs: undefined })
})
