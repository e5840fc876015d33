import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { aReceiver, type Received, type Receiver } from '../support/receiver.ts'
import { anEmulator, aService, finished, getSync, pollUntil, startSync } from '../support/service.ts'

const ID = '1Webhooks-0123456789_abcdefghijklmnopqrstuv'
const SECRET = `whsec_${randomBytes(32).toString('base64')}`

async function aWorld(t: Test, environment: Record<string, string> = {}) {
  const workbook = { id: ID, title: 'Told', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  const service = await aService(t, {
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    WEBHOOK_SECRET: SECRET,
    WEBHOOK_INSECURE: '1',
    ...environment,
  })
  return { emulator, ...service }
}

function post(url: string, path: string, body?: object): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
}

/** What the message says, once `standardwebhooks` has found it to be signed with the secret. */
function verified({ headers, body }: Received, secret = SECRET): Record<string, unknown> {
  return new Webhook(secret).verify(body, headers as Record<string, string>) as Record<string, unknown>
}

function settled(sync: SyncView): boolean {
  return sync.webhook?.state === 'delivered' || sync.webhook?.state === 'failed'
}

async function onlyMessage(receiver: Receiver): Promise<Received> {
  const [message] = await receiver.has(1)
  if (message === undefined) throw new Error('no message has come')
  return message
}

t.test('the end of a sync is told at once, in a signed message that says where to read the rest', async (t) => {
  const { url } = await aWorld(t)
  const receiver = await aReceiver(t)
  const started = await startSync(url, { spreadsheet: ID, webhook: { url: receiver.url } })
  t.match(started.webhook, { url: receiver.url, state: 'waiting', nextAttemptAt: null, attempts: [] })
  const message = await onlyMessage(receiver)
  const told = verified(message)
  t.match(message, { method: 'POST', path: '/hook', headers: { 'content-type': 'application/json' } })
  const sync = await pollUntil(url, started.id, settled)
  t.same(told, {
    type: 'sync.succeeded',
    timestamp: sync.finishedAt,
    data: {
      id: sync.id,
      state: 'succeeded',
      revision: sync.webhook?.endRevision,
      spreadsheetId: ID,
      outcome: 'downloaded',
      changes: null,
      errorCode: null,
      href: `/syncs/${sync.id}`,
    },
  })
  t.match(sync.webhook, { state: 'delivered', tries: 1, attempts: [{ status: 204, error: null }] })
  t.equal(receiver.received.length, 1)
})

t.test('a failed and a cancelled sync are told of as such', async (t) => {
  const { url, emulator } = await aWorld(t)
  const receiver = await aReceiver(t)
  emulator.setAccess(ID, 'forbidden')
  await startSync(url, { spreadsheet: ID, webhook: { url: receiver.url } })
  t.match(verified(await onlyMessage(receiver)), { type: 'sync.failed', data: { errorCode: 'SHEET_FORBIDDEN' } })
  emulator.setAccess(ID, 'ok')
  emulator.fail({ on: { kind: 'spreadsheets.get', times: 'always' }, do: { kind: 'hang' } })
  const { id } = await startSync(url, { spreadsheet: ID, webhook: { url: receiver.url } })
  await post(url, `/syncs/${id}/cancel`)
  const [, second] = await receiver.has(2)
  t.match(second && verified(second), { type: 'sync.cancelled', data: { id, state: 'cancelled' } })
})

t.test('while one secret takes the place of another, messages are signed with both', async (t) => {
  const next = `whsec_${randomBytes(24).toString('base64')}`
  const { url } = await aWorld(t, { WEBHOOK_SECRET: `${next}, ${SECRET}` })
  const receiver = await aReceiver(t)
  await startSync(url, { spreadsheet: ID, webhook: { url: receiver.url } })
  const message = await onlyMessage(receiver)
  for (const secret of [next, SECRET]) t.match(verified(message, secret), { type: 'sync.succeeded' })
  t.throws(() => verified(message, `whsec_${randomBytes(32).toString('base64')}`), 'any other finds it forged')
  t.throws(() => verified({ ...message, body: message.body.replace('succeeded', 'failed') }), 'or changed')
})

t.test('redeliver sends the same message once more, under the same id', async (t) => {
  const { url } = await aWorld(t)
  const receiver = await aReceiver(t, [410, 200])
  const { id } = await startSync(url, { spreadsheet: ID, webhook: { url: receiver.url } })
  const failed = await pollUntil(url, id, settled)
  t.match(failed.webhook, { state: 'failed', attempts: [{ status: 410 }] }, '410 ends it at once')
  const answer = await post(url, `/syncs/${id}/webhook/redeliver`)
  t.equal(answer.status, 202)
  t.match(await answer.json(), { id, revision: failed.revision + 1, webhook: { state: 'pending' } })
  const [one, other] = await receiver.has(2)
  t.equal(one?.headers['webhook-id'], other?.headers['webhook-id'])
  t.equal(one?.body, other?.body)
  const delivered = await pollUntil(url, id, settled)
  t.match(delivered.webhook, { state: 'delivered', tries: 1, attempts: [{ status: 410 }, { status: 200 }] })
  t.ok(delivered.revision > failed.revision)
})

t.test('redeliver is refused where there is no sync, no webhook, or no end yet', async (t) => {
  const { url, emulator } = await aWorld(t)
  const unknown = 'sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01'
  t.equal((await post(url, `/syncs/${unknown}/webhook/redeliver`)).status, 404)
  t.equal((await post(url, '/syncs/nonsense/webhook/redeliver')).status, 400)
  t.equal((await fetch(`${url}/syncs/${unknown}/webhook/redeliver`)).status, 405)
  const without = await startSync(url, { spreadsheet: ID })
  await pollUntil(url, without.id, finished)
  const refused = await post(url, `/syncs/${without.id}/webhook/redeliver`)
  t.equal(refused.status, 409)
  t.match(await refused.json(), { code: 'WEBHOOK_NOT_DELIVERABLE', hint: /POST \/syncs/ })
  emulator.fail({ on: { kind: 'spreadsheets.get', times: 'always' }, do: { kind: 'hang' } })
  const { id } = await startSync(url, { spreadsheet: ID, webhook: { url: 'http://127.0.0.1:9/' } })
  const early = await post(url, `/syncs/${id}/webhook/redeliver`)
  t.equal(early.status, 409)
  t.match(await early.json(), { code: 'WEBHOOK_NOT_DELIVERABLE', detail: /once it has ended/ })
})

t.test('a request joins an active sync only when that tells the same URL of its end', async (t) => {
  const { url, emulator } = await aWorld(t)
  const receiver = await aReceiver(t)
  emulator.fail({ on: { kind: 'spreadsheets.get', times: 'always' }, do: { kind: 'hang' } })
  const first = await startSync(url, { spreadsheet: ID, webhook: { url: receiver.url } })
  const same = await startSync(url, { spreadsheet: ID, webhook: { url: receiver.url } })
  const none = await startSync(url, { spreadsheet: ID })
  const other = await startSync(url, { spreadsheet: ID, webhook: { url: `${receiver.url}?other` } })
  t.equal(same.id, first.id)
  t.equal(none.id, first.id, 'who wants nobody told may join anyone')
  t.not(other.id, first.id)
  t.equal((await getSync(url, other.id)).webhook?.url, `${receiver.url}?other`)
})

t.test('a retry of a sync tells the same URL', async (t) => {
  const { url, emulator } = await aWorld(t)
  const receiver = await aReceiver(t)
  emulator.setAccess(ID, 'forbidden')
  const { id } = await startSync(url, { spreadsheet: ID, webhook: { url: receiver.url } })
  await pollUntil(url, id, settled)
  emulator.setAccess(ID, 'ok')
  const again = (await (await post(url, `/syncs/${id}/retry`)).json()) as SyncView
  await pollUntil(url, again.id, settled)
  t.match(
    receiver.received.map((message) => verified(message).type),
    ['sync.failed', 'sync.succeeded'],
  )
})

t.test('a webhook that could never be sent is refused when it is asked for, with the way to mend it', async (t) => {
  const { url } = await aWorld(t, { WEBHOOK_INSECURE: '' })
  const refusals: Record<string, RegExp> = {
    'http://example.com/hook': /not an https URL/,
    'ftp://example.com/': /not an https URL/,
    '/hook': /not an https URL/,
    'https://me:secret@example.com/': /user name or a password/,
    'https://example.com:25/': /port 25/,
    'https://127.0.0.1/': /not public/,
    'https://0x7f000001/': /not public/,
    'https://[::ffff:10.0.0.1]/': /not public/,
    'https://169.254.169.254/latest/meta-data': /not public/,
    'https://localhost/': /not public/,
    'https://localhost:8443/': /not public/,
  }
  for (const [refused, why] of Object.entries(refusals)) {
    const answer = await post(url, '/syncs', { spreadsheet: ID, webhook: { url: refused } })
    t.equal(answer.status, 400, refused)
    t.match(await answer.json(), {
      code: 'VALIDATION_FAILED',
      errors: [{ field: 'webhook.url', message: why, hint: String }],
    })
  }
  const answer = await post(url, '/syncs', { spreadsheet: ID, webhook: { url: 'https://example.com', secret: 'x' } })
  t.match(await answer.json(), { errors: [{ field: 'webhook.secret', message: 'is not a known field' }] })
})

t.test('without a secret a webhook is refused with the name of the setting', async (t) => {
  const { url } = await aWorld(t, { WEBHOOK_SECRET: '' })
  const answer = await post(url, '/syncs', { spreadsheet: ID, webhook: { url: 'https://example.com/' } })
  t.equal(answer.status, 400)
  t.match(await answer.json(), { errors: [{ field: 'webhook.url', message: /WEBHOOK_SECRET/, hint: /whsec_/ }] })
})
