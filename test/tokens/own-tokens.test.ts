import t from 'tap'
import type { SyncView } from '../../src/model/sync-view.ts'
import { ANN, BOB, BOOK, SHEETS_ALONE, type TokenClient } from '../support/own-tokens.ts'
import { aSituation, idsOf, ROWS } from './people-with-tokens.ts'

t.test('a user’s own token reads what that user may read', async (t) => {
  const { emulator, of } = await aSituation(t)
  const ann = of(ANN)
  const sync = await ann.syncBook()
  t.match(sync, { state: 'succeeded', ownToken: true, request: { credential: 'default' } })
  t.same(await ann.json(ROWS), [{ Name: 'Ada' }, { Name: 'Grace' }])
  emulator.share(BOOK, [BOB])
  t.match(await ann.syncBook(), {
    state: 'failed',
    error: { code: 'SHEET_FORBIDDEN', hint: /user whose token reads it must have access/ },
  })
})

t.test('two users under one API key never meet', async (t) => {
  const { of, service } = await aSituation(t)
  const [ann, bob, nobody, admin] = [of(ANN), of(BOB), service.client(), service.client(undefined, 'admin')]
  const [hers, his] = [await ann.syncBook(), await bob.syncBook({ ifUnchanged: 'skip' })]
  t.not(hers.id, his.id)
  t.match(his, { state: 'succeeded', outcome: 'downloaded', changes: null }, 'compared with nothing of hers')
  t.match(await service.client(undefined, 'admin').json('/syncs'), { syncs: [] })
  const others: [string, TokenClient][] = [
    ['another user', bob],
    ['the same key without a token', nobody],
    ['an admin without a token', admin],
    ['the same user under another key', of(ANN, 'other')],
  ]
  for (const [who, client] of others) {
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/files'],
      ['GET', '/events'],
      ['POST', '/cancel'],
      ['POST', '/retry'],
      ['DELETE', ''],
    ]) {
      t.equal(await client.status(method ?? '', `/syncs/${hers.id}${path}`), 404, `${who}: ${method} ${path}`)
    }
  }
  t.equal(await of(ANN, 'admin').status('GET', `/syncs/${hers.id}`), 200, 'an admin with the token of the same user')
  t.same(idsOf(await ann.json('/syncs')), [hers.id])
  t.same(idsOf(await bob.json('/syncs')), [his.id])
  for (const client of [nobody, admin]) t.same(idsOf(await client.json('/syncs')), [])

  t.match(await ann.json(`/spreadsheets/${BOOK}`), { syncId: hers.id })
  t.match(await bob.json(`/spreadsheets/${BOOK}`), { syncId: his.id })
  for (const client of [nobody, admin, of(ANN, 'other')]) {
    for (const path of [
      `/spreadsheets/${BOOK}`,
      ROWS,
      `${ROWS}/rows`,
      `${ROWS}/schema`,
      `${ROWS}/changes?since=${hers.id}`,
    ]) {
      t.equal(await client.status('GET', path), 404, path)
    }
    t.equal(await client.status('POST', `/spreadsheets/${BOOK}/query`, { sql: 'SELECT * FROM People' }), 404)
    t.equal(await client.status('DELETE', `/spreadsheets/${BOOK}`), 404)
  }
  t.match(await bob.answer('GET', `${ROWS}/changes?since=${hers.id}`), { status: 404 }, 'nor as the base of changes')
  const answer = await ann.answer('POST', `/spreadsheets/${BOOK}/query`, { sql: 'SELECT * FROM People' })
  t.match(answer.body, { rows: [{ Name: 'Ada' }, { Name: 'Grace' }], syncId: hers.id })

  t.equal(await bob.status('DELETE', `/spreadsheets/${BOOK}`), 204)
  t.equal(await bob.status('GET', ROWS), 404)
  t.equal(await ann.status('GET', ROWS), 200, 'what one user erases is not the other’s')
})

t.test('neither the pages of a list nor their tokens tell what another user’s syncs hold', async (t) => {
  const { of, service } = await aSituation(t)
  const [ann, bob] = [of(ANN), of(BOB)]
  const his = await bob.syncBook()
  for (const team of ['acme', 'acme merger']) await ann.syncBook({ labels: { team }, ifActive: 'start' })
  const nothing = { syncs: [], nextPageToken: null }
  for (const client of [service.client(), service.client(undefined, 'admin'), of(ANN, 'other')]) {
    for (const filter of ['', 'q=acme', 'label=team=acme', `q=${BOOK}`, 'state=succeeded', `spreadsheet=${BOOK}`]) {
      t.same(await client.json(`/syncs?pageSize=1&${filter}`), nothing, filter)
    }
  }
  t.match(await bob.json('/syncs?pageSize=1'), { syncs: [{ id: his.id }], nextPageToken: null })
  t.same(await bob.json('/syncs?pageSize=1&q=acme'), nothing)
})

t.test('an active sync is joined by the same user, and by nobody else', async (t) => {
  const { emulator, of } = await aSituation(t)
  emulator.fail({ on: { kind: 'values.batchGet', times: 'always' }, do: { kind: 'hang' } })
  const [ann, bob] = [of(ANN), of(BOB)]
  const hers = await ann.start({ spreadsheet: BOOK })
  t.equal((await of(ANN).start({ spreadsheet: BOOK })).id, hers.id, 'with another token of hers')
  const his = await bob.start({ spreadsheet: BOOK })
  t.not(his.id, hers.id)
  t.match(await bob.answer('DELETE', `/spreadsheets/${BOOK}`), { status: 409, body: { code: 'SYNC_ACTIVE' } })
  t.equal(await ann.status('POST', `/syncs/${hers.id}/cancel`), 202)
  t.match(await bob.json(`/syncs/${his.id}`), { finishedAt: null })
})

t.test('an idempotency key answers the same user again, with whatever token, and is refused to another', async (t) => {
  const { of, service } = await aSituation(t)
  const start = (client: TokenClient) =>
    client.answer<SyncView>('POST', '/syncs', { spreadsheet: BOOK }, { 'idempotency-key': 'k' })
  const first = await start(of(ANN))
  t.equal(first.status, 202)
  const again = await start(of(ANN))
  t.match(again, { status: 202, body: { id: first.body.id, ownToken: true } })
  t.equal(again.headers.get('idempotent-replayed'), 'true')
  t.match(await start(of(BOB)), { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } })
  t.match(await start(service.client()), { status: 422 })
})

t.test('a token that may not ask Drive whose it is stands for itself alone', async (t) => {
  const { emulator, service } = await aSituation(t)
  const [one, other] = [1, 2].map(() => emulator.userToken({ email: ANN, scopes: SHEETS_ALONE }).access_token)
  const client = service.client(one)
  t.match(await client.syncBook(), { state: 'succeeded', ownToken: true, consistent: 'unknown' })
  t.same(await client.json(ROWS), [{ Name: 'Ada' }, { Name: 'Grace' }])
  t.equal(await service.client(other).status('GET', ROWS), 404)
})

t.test('what may not be sent with a token is refused, field by field', async (t) => {
  const { emulator, service, of, tokenOf } = await aSituation(t)
  const ann = of(ANN)
  t.match(await ann.answer('POST', '/syncs', { spreadsheet: BOOK, credential: 'default', actAs: 'x@example.com' }), {
    status: 400,
    body: { code: 'VALIDATION_FAILED', errors: [{ field: 'credential' }, { field: 'actAs' }] },
  })
  const schedule = { name: 'x', request: { spreadsheet: BOOK }, every: '5m' }
  for (const [method, path, body] of [
    ['POST', '/schedules', schedule],
    ['GET', '/schedules'],
    ['POST', '/schedules/schedule-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01/run'],
  ] as const) {
    const answer = await ann.answer(method, path, body)
    t.match(answer, {
      status: 400,
      body: { errors: [{ field: 'header x-google-access-token', message: /schedules/ }] },
    })
  }
  emulator.resetCalls()
  for (const token of ['', 'two words', `${tokenOf(ANN)}, x`, 'x'.repeat(4097), 'caf\u00e9']) {
    t.match(await service.client(token).answer('POST', '/syncs', { spreadsheet: BOOK }), {
      status: 400,
      body: { errors: [{ field: 'header x-google-access-token' }] },
    })
  }
  t.match(await of(ANN, 'plain').answer('GET', '/syncs'), { status: 403, body: { code: 'TOKENS_NOT_ALLOWED' } })
  t.equal(emulator.count(), 0, 'and Google is asked nothing')
})

t.test('without TOKEN_KEY the header is refused with a hint', async (t) => {
  const { of } = await aSituation(t, { TOKEN_KEY: '' })
  for (const [method, path, body] of [
    ['POST', '/syncs', { spreadsheet: BOOK }],
    ['GET', '/syncs'],
    ['GET', ROWS],
  ] as const) {
    t.match(await of(ANN).answer(method, path, body), {
      status: 403,
      body: { code: 'TOKENS_NOT_ALLOWED', hint: /TOKEN_KEY/ },
    })
  }
})

t.test('a token that Google does not take is refused before anything is recorded, and asked about once', async (t) => {
  const { emulator, service } = await aSituation(t)
  const stranger = service.client('never-issued')
  for (let times = 0; times < 3; times++) {
    t.match(await stranger.answer('POST', '/syncs', { spreadsheet: BOOK }), {
      status: 401,
      body: { code: 'GOOGLE_TOKEN_EXPIRED' },
    })
  }
  t.equal(emulator.count(), 1)
  t.match(await service.client(undefined, 'admin').json('/syncs'), { syncs: [] })
})

t.test('questions about new tokens count for the rate limit where polls do not', async (t) => {
  const { emulator, service, of } = await aSituation(t, { RATE_LIMIT: '20' })
  const ann = of(ANN)
  const { id } = await ann.start({ spreadsheet: BOOK })
  const asked = emulator.count('about.get')
  const statuses: number[] = []
  for (let n = 0; n < 25; n++) statuses.push(await service.client(`wrong-${n}`).status('GET', `/syncs/${id}`))
  t.equal(statuses.at(-1), 429)
  t.ok(emulator.count('about.get') - asked < 20)
  t.equal(await ann.status('GET', `/syncs/${id}`), 200, 'whoever has a known token goes on polling')
})

t.test('while Google cannot be reached nothing is started, and the client may try again', async (t) => {
  const { emulator, of } = await aSituation(t)
  emulator.fail({ on: { kind: 'about.get', times: 2 }, do: { kind: 'reset' } })
  t.match(await of(ANN).answer('POST', '/syncs', { spreadsheet: BOOK }), {
    status: 503,
    body: { code: 'GOOGLE_UNREACHABLE', retryable: true },
  })
  emulator.clearFaults()
  t.equal((await of(ANN).syncBook()).state, 'succeeded')
})

t.test('pages of other origins may send a token where CORS lets them call', async (t) => {
  const { service } = await aSituation(t, { CORS_ORIGINS: 'https://app.example.com' })
  const { headers } = await fetch(`${service.url}/syncs`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-google-access-token',
    },
  })
  t.match(headers.get('access-control-allow-headers'), /x-google-access-token/i)
})
