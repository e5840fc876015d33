import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { aReceiver } from '../support/receiver.ts'
import { anEmulator, aService } from '../support/service.ts'

const SECRET = `whsec_${randomBytes(32).toString('base64')}`

t.test('a schedule that pauses itself after failures says so in its record, and by a signed message', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [] })
  const receiver = await aReceiver(t)
  const { url } = await aService(t, {
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    WEBHOOK_SECRET: SECRET,
    WEBHOOK_INSECURE: '1',
    SCHEDULE_EVERY_MIN: '1s',
    SCHEDULE_FAILURES_MAX: '2',
  })
  const made = await fetch(`${url}/schedules`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'Nobody has it',
      every: '1s',
      request: { spreadsheet: '1Missing-0123456789_abcdefghijklmnopqrstuvw', webhook: { url: receiver.url } },
    }),
  })
  t.equal(made.status, 201)
  const { id } = (await made.json()) as { id: string }
  const found = async () => (await fetch(`${url}/schedules/${id}`)).json() as Promise<{ state: string }>
  while ((await found()).state !== 'paused') await delay(100)
  t.match(await found(), {
    state: 'paused',
    nextRunAt: null,
    failuresInARow: 2,
    pause: { reason: 'failures', code: 'SHEET_NOT_FOUND', message: /2 runs failed/ },
  })
  // Two of syncs that failed, and the one of the schedule.
  const messages = await receiver.has(3)
  const told = messages.map(({ headers, body }) => new Webhook(SECRET).verify(body, headers as Record<string, string>))
  t.match(
    told.find((each) => (each as { type: string }).type === 'schedule.paused'),
    { data: { id, reason: 'failures', errorCode: 'SHEET_NOT_FOUND', failuresInARow: 2, href: `/schedules/${id}` } },
  )
  t.equal((await fetch(`${url}/schedules/${id}/resume`, { method: 'POST' })).status, 200)
  t.match(await found(), { state: 'active', pause: null, failuresInARow: 0 })
})
