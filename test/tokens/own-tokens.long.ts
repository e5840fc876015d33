import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createClient } from '../../client/src/index.ts'
import { createApiKey } from '../../src/api-keys.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { ANN, anEmulatorOfPeople, aTokenKey, aTokenService, BOB, BOOK, TokenClient } from '../support/own-tokens.ts'
import { aDirectory, aServiceProcess, environmentFor } from '../support/service.ts'
import { aSituation, idsOf, ROWS } from './people-with-tokens.ts'

t.test('the client sends it with all that it asks', async (t) => {
  const { service, tokenOf } = await aSituation(t)
  const client = createClient({ baseUrl: service.url, apiKey: service.key, googleAccessToken: () => tokenOf(ANN) })
  const { id } = await client.startSync({ spreadsheet: BOOK })
  t.match(await client.waitForSync(id), { state: 'succeeded', ownToken: true })
  t.same(await client.readTab(BOOK, 'People'), [{ Name: 'Ada' }, { Name: 'Grace' }])
  t.match(await client.rows(BOOK, 'People'), { rows: [{ Name: 'Ada' }, { Name: 'Grace' }] })
  t.match(await client.listSchedules(), { schedules: [] })
  t.match(
    await service.client(tokenOf(ANN)).json('/me'),
    { name: 'app', tokens: true },
    'nor is it in the way elsewhere',
  )
  t.match(await service.client(undefined, 'plain').json('/me'), { name: 'plain', tokens: false })
})

t.test('a token that ends in mid-sync fails it, and the same user retries it with another', async (t) => {
  const { emulator, service, of } = await aSituation(t)
  // One for Drive's word whose it is, one for the version; then it is over.
  const ending = emulator.userToken({ email: ANN, expiresAfterCalls: 2 }).access_token
  const sync = await service.client(ending).syncBook()
  t.match(sync, { state: 'failed', error: { code: 'GOOGLE_TOKEN_EXPIRED', status: 401, retryable: true } })
  const ann = of(ANN)
  t.equal(await of(BOB).status('POST', `/syncs/${sync.id}/retry`), 404)
  const retried = await ann.answer<SyncView>('POST', `/syncs/${sync.id}/retry`)
  t.match(retried, { status: 202, body: { retryOf: sync.id, ownToken: true } })
  let now = retried.body
  while (now.finishedAt === null) {
    await delay(25)
    now = await ann.json(`/syncs/${now.id}`)
  }
  t.match(now, { state: 'succeeded' })
  t.same(await ann.json(ROWS), [{ Name: 'Ada' }, { Name: 'Grace' }])
})

t.test('answers to a token are for nobody else’s cache', async (t) => {
  const { of } = await aSituation(t)
  const ann = of(ANN)
  const { id } = await ann.syncBook()
  for (const path of [
    '/syncs',
    `/syncs/${id}`,
    `/syncs/${id}/files`,
    ROWS,
    `${ROWS}/rows`,
    `${ROWS}/schema`,
    `/spreadsheets/${BOOK}`,
  ]) {
    const answer = await ann.send('GET', path)
    const { headers } = answer
    await answer.arrayBuffer()
    t.match(headers.get('cache-control'), /private|no-store/, path)
    t.match(headers.get('vary'), /x-google-access-token/i, path)
  }
})

t.test('what was made before TOKEN_KEY was rotated is found while the old key is listed', async (t) => {
  const [older, newer] = [aTokenKey(), aTokenKey()]
  const { emulator, service, of } = await aSituation(t, { TOKEN_KEY: older })
  const { id } = await of(ANN).syncBook()
  await service.close()
  const token = emulator.userToken({ email: ANN }).access_token
  const both = await aTokenService(t, emulator, { DIRECTORY: service.directory, TOKEN_KEY: `${newer},${older}` })
  t.equal(await both.client(token).status('GET', `/syncs/${id}`), 200)
  t.equal(await both.client(token).status('GET', ROWS), 200)
  const { id: next } = await both.client(token).syncBook()
  t.same(idsOf(await both.client(token).json('/syncs')), [next, id])
  await both.close()
  const one = await aTokenService(t, emulator, { DIRECTORY: service.directory, TOKEN_KEY: newer })
  t.same(idsOf(await one.client(token).json('/syncs')), [next])
})

for (const [what, key, end] of [
  ['goes on with its token', 'same', { state: 'succeeded' }],
  ['goes on where the key that sealed it is listed behind another', 'rotated', { state: 'succeeded' }],
  ['ends where the key that sealed it is gone', 'other', { state: 'failed', error: { code: 'TOKEN_UNREADABLE' } }],
] as const) {
  t.test(`a sync that a stop has interrupted ${what}`, async (t) => {
    const [older, newer] = [aTokenKey(), aTokenKey()]
    const { emulator, service, of, tokenOf } = await aSituation(t, { TOKEN_KEY: older })
    emulator.fail({ on: { kind: 'values.batchGet', times: 'always' }, do: { kind: 'hang' } })
    const { id } = await of(ANN).start({ spreadsheet: BOOK })
    while (emulator.count('values.batchGet') === 0) await delay(10)
    await service.close()
    emulator.clearFaults()
    const keys = { same: older, rotated: `${newer},${older}`, other: newer }[key]
    const next = await aTokenService(t, emulator, { DIRECTORY: service.directory, TOKEN_KEY: keys })
    const [found, reader] = [next.client(tokenOf(ANN)), next.client(undefined, 'admin')]
    if (key === 'other') {
      // Nobody can name its owner any more, so nobody sees it; the log tells.
      while (!next.logged().includes('TOKEN_UNREADABLE')) await delay(25)
      t.equal(await reader.status('GET', `/syncs/${id}`), 404)
      return
    }
    let sync = await found.json<SyncView>(`/syncs/${id}`)
    while (sync.finishedAt === null) {
      await delay(25)
      sync = await found.json(`/syncs/${id}`)
    }
    t.match(sync, { ...end, attempt: 2 })
  })
}

t.test('API keys have no right to tokens by themselves', async (t) => {
  const emulator = await anEmulatorOfPeople(t)
  const { key, entry } = createApiKey('app', ['admin'])
  const environment = { ...environmentFor(await aDirectory(t)), GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const service = await aServiceProcess(t, { ...environment, TOKEN_KEY: aTokenKey(), API_KEYS: entry })
  const client = new TokenClient(service.url, key, emulator.userToken({ email: ANN }).access_token)
  t.match(await client.answer('GET', '/syncs'), { status: 403, body: { code: 'TOKENS_NOT_ALLOWED' } })
})

t.test('a TOKEN_KEY that is none stops the start, and is not repeated', async (t) => {
  const environment = { ...environmentFor(await aDirectory(t)), TOKEN_KEY: 'an-odd-secret-8471' }
  const ended = aServiceProcess(t, environment)
  await t.rejects(ended, /ended with 1/)
  const reason = await ended.catch(String)
  t.match(reason, /TOKEN_KEY must be 32 random bytes in base64 or hex/)
  t.notMatch(reason, '8471')
})
