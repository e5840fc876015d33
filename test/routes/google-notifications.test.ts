import { pino } from 'pino'
import t from 'tap'
import { KeyRing, parseApiKeys } from '../../src/api-keys.ts'
import { silentLog } from '../../src/ports/log.ts'
import { RequestCounts } from '../../src/routes/request-counts.ts'
import { anApp } from '../support/app.ts'
import { someKeys } from '../support/callers.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryStorage } from '../support/memory-storage.ts'

const HEADERS = {
  'x-goog-channel-id': 'channel',
  'x-goog-channel-token': 'the-secret-token',
  'x-goog-resource-state': 'change',
  'x-goog-message-number': '10',
}

/** An app that notes what its receiver is given, and what it logs. */
async function anAppWithGoogle(t: Parameters<typeof anApp>[0], more: NonNullable<Parameters<typeof anApp>[3]> = {}) {
  const received: unknown[][] = []
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const notifications = { receive: (...args: unknown[]) => void received.push(args) }
  const { url } = await anApp(t, new MemoryStorage(), undefined, { notifications, log, ...more })
  const notify = (init: RequestInit = {}) =>
    fetch(`${url}/google/notifications`, { method: 'POST', headers: HEADERS, ...init })
  return { url, received, lines, notify }
}

t.test(
  'a notification is answered 204 at once, whatever it says, and only its channel and token are used',
  async (t) => {
    const { received, notify } = await anAppWithGoogle(t)
    const headers = { ...HEADERS, 'content-type': 'application/json; utf-8' }
    for (const init of [
      {},
      { headers, body: '{"kind":"drive#changes"}' },
      { headers, body: 'no JSON' },
      { headers: { ...HEADERS, 'content-type': 'text/odd' }, body: 'x'.repeat(200_000) },
    ]) {
      const answer = await notify(init)
      t.strictSame([answer.status, await answer.text()], [204, ''])
    }
    t.strictSame(received, Array(4).fill(['channel', 'the-secret-token']))
    t.equal((await notify({ headers: {} })).status, 204)
    t.strictSame(received[4], [undefined, undefined])
  },
)

t.test('the first message of a channel wakes nobody', async (t) => {
  const { received, notify } = await anAppWithGoogle(t)
  t.equal((await notify({ headers: { ...HEADERS, 'x-goog-resource-state': 'sync' } })).status, 204)
  t.strictSame(received, [])
})

t.test('Google needs no key, and nothing of a notification is logged', async (t) => {
  const { setting } = someKeys({ reader: ['read'] })
  const { keys } = parseApiKeys(setting)
  const { received, lines, notify, url } = await anAppWithGoogle(t, { apiKeys: new KeyRing(keys) })
  for (let n = 0; n < 20; n++) t.equal((await notify()).status, 204)
  t.equal(received.length, 20)
  t.strictSame(lines, [])
  t.equal((await fetch(`${url}/google/notifications`)).status, 405)
  t.notMatch(lines.join(''), 'the-secret-token')
})

t.test('a flood from one address is limited, and not logged either', async (t) => {
  const clock = new FakeClock()
  const requestCounts = new RequestCounts({ limit: 5, clock, log: silentLog })
  const { received, lines, notify } = await anAppWithGoogle(t, { clock, requestCounts })
  const statuses: number[] = []
  for (let n = 0; n < 8; n++) statuses.push((await notify()).status)
  t.strictSame(statuses, [204, 204, 204, 204, 204, 429, 429, 429])
  t.equal(received.length, 5)
  t.strictSame(lines, [])
})

t.test('without notifications there is no such address', async (t) => {
  const { url } = await anApp(t, new MemoryStorage())
  t.equal((await fetch(`${url}/google/notifications`, { method: 'POST' })).status, 404)
})
