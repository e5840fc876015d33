import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Emulator } from '../../emulator/emulator.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { redact } from '../../src/redaction.ts'
import { ANN, anEmulatorOfPeople, aTokenKey, aTokenService, BOOK, type TokenClient } from '../support/own-tokens.ts'
import { aReceiver } from '../support/receiver.ts'
import { filesUnder } from '../support/storage-contents.ts'

/** No form that redaction could know, and characters that JSON escapes. */
const CANARY = 'zq"canary\\token~8471.not/like+others'
const KEY = aTokenKey()

/** The canary in every form in which it might be written down. */
const FORMS = [
  CANARY,
  JSON.stringify(CANARY).slice(1, -1),
  encodeURIComponent(CANARY),
  Buffer.from(CANARY).toString('base64').slice(0, 30),
  Buffer.from(CANARY).toString('hex'),
]

function formIn(text: string): string | undefined {
  return FORMS.find((form) => text.includes(form))
}

/** What is sealed in the records under a folder. */
async function sealedUnder(directory: string): Promise<string[]> {
  const texts = [...(await filesUnder(directory)).values()]
  return texts.flatMap((text) => [...text.matchAll(/"sealedToken": ?"([^"]+)"/g)].map(([, sealed = '']) => sealed))
}

async function aSituation(t: Test, environment: Record<string, string> = {}) {
  const emulator = await anEmulatorOfPeople(t)
  const service = await aTokenService(t, emulator, {
    TOKEN_KEY: KEY,
    HISTORY_TTL: '1d',
    WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    WEBHOOK_INSECURE: '1',
    SWEEP_INTERVAL: '100ms',
    ...environment,
  })
  const client = service.client(emulator.userToken({ email: ANN, accessToken: CANARY }).access_token)
  return { emulator, service, client }
}

async function hangingSync(emulator: Emulator, client: TokenClient, body: object = {}): Promise<SyncView> {
  emulator.fail({ on: { kind: 'values.batchGet', times: 'always' }, do: { kind: 'hang' } })
  const sync = await client.answer<SyncView>(
    'POST',
    '/syncs',
    { spreadsheet: BOOK, ...body },
    { 'idempotency-key': 'k' },
  )
  while (emulator.count('values.batchGet') === 0) await delay(10)
  return sync.body
}

async function untilFinished(client: TokenClient, id: string): Promise<SyncView> {
  for (;;) {
    const sync = await client.json<SyncView>(`/syncs/${id}`)
    if (sync.finishedAt !== null) return sync
    await delay(25)
  }
}

t.test('the canary has no form that is redacted by itself', async (t) => {
  t.equal(redact(CANARY), CANARY)
})

t.test('a token is sealed while its sync is active, and nowhere to be found after that', async (t) => {
  const { emulator, service, client } = await aSituation(t)
  const receiver = await aReceiver(t)
  const { id } = await hangingSync(emulator, client, { formats: ['json', 'parquet'], webhook: { url: receiver.url } })
  const [sealed = ''] = await sealedUnder(service.directory)
  t.match(sealed, /^v1\./, 'it is there to survive a restart')
  for (const [path, text] of await filesUnder(service.directory)) t.equal(formIn(text), undefined, path)
  t.equal(await client.status('POST', `/syncs/${id}/cancel`), 202)
  await untilFinished(client, id)
  emulator.clearFaults()

  const sync = await client.syncBook({ formats: ['json', 'parquet'], webhook: { url: receiver.url } })
  t.match(sync, { state: 'succeeded' })
  await receiver.has(2)
  const answers: string[] = []
  for (const path of [
    '/syncs',
    `/syncs/${sync.id}`,
    `/syncs/${sync.id}/events`,
    `/syncs/${sync.id}/files`,
    `/spreadsheets/${BOOK}`,
    `/spreadsheets/${BOOK}/tabs/People/rows`,
    `/spreadsheets/${BOOK}/tabs/People/schema`,
    `/spreadsheets/${BOOK}/tabs/Nobody`,
    '/syncs/not-an-id',
    '/nowhere',
  ]) {
    answers.push(await (await client.send('GET', path)).text())
  }
  answers.push(
    JSON.stringify(await client.answer('POST', `/spreadsheets/${BOOK}/query`, { sql: 'SELECT * FROM People' })),
  )
  const metrics = await (await service.client(undefined, 'admin').send('GET', '/metrics')).text()
  t.match(metrics, 'sheetsync_')
  const messages = receiver.received.map((message) => JSON.stringify(message))
  for (const [where, texts] of Object.entries({ answers, messages, metrics: [metrics], log: [service.logged()] })) {
    t.ok(texts.join('').length > 100, where)
    for (const text of texts) {
      t.equal(formIn(text), undefined, where)
      t.notMatch(text, /sealedToken|"identity"/, where)
      t.notOk(text.includes(sealed) || text.includes(KEY), where)
    }
  }
  await service.close()
  for (const [path, text] of await filesUnder(service.directory)) {
    t.equal(formIn(text), undefined, path)
    t.notOk(text.includes(sealed) || /"sealedToken": ?"|v1\.[\w-]{8}\./.test(text), path)
  }
  t.same(await sealedUnder(service.directory), [])
})

t.test('the history keeps no sealed token', async (t) => {
  const { service, client } = await aSituation(t, { STATUS_TTL: '100ms' })
  const { id } = await client.syncBook()
  const history = () => filesUnder(join(service.directory, 'sync-history')).catch(() => new Map<string, string>())
  while (![...(await history()).values()].some((text) => text.includes(id))) await delay(50)
  t.match(await client.json(`/syncs/${id}`), { id, ownToken: true }, 'who may see it finds it there')
  t.equal(await service.client().status('GET', `/syncs/${id}`), 404)
  t.same(await sealedUnder(service.directory), [])
})

for (const [what, kind] of [
  ['whose it is', 'about.get'],
  ['for the spreadsheet', 'spreadsheets.get'],
  ['for cells', 'values.batchGet'],
] as const) {
  t.test(`what Google repeats of a token when it is asked ${what} is redacted`, async (t) => {
    const { emulator, service, client } = await aSituation(t)
    const body = JSON.stringify({
      error: { code: 403, message: `Token ${CANARY} is not good.`, status: 'PERMISSION_DENIED' },
    })
    emulator.fail({ on: { kind, times: 'always' }, do: { status: 403, body } })
    const started = await client.answer<SyncView & { detail?: string }>('POST', '/syncs', { spreadsheet: BOOK })
    if (kind === 'about.get') t.match(started, { status: 502, body: { code: 'GOOGLE_REQUEST_REFUSED' } })
    else
      t.match((await untilFinished(client, started.body.id)).error, {
        code: 'SHEET_FORBIDDEN',
        detail: /\[redacted\] is not good/,
      })
    const shown = JSON.stringify([
      started.body,
      kind === 'about.get' ? '' : await client.json(`/syncs/${started.body.id}`),
    ])
    t.equal(formIn(shown), undefined)
    t.equal(formIn(service.logged()), undefined)
    await service.close()
    for (const [path, text] of await filesUnder(service.directory)) t.equal(formIn(text), undefined, path)
  })
}
