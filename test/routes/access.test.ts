import { readFile, writeFile } from 'node:fs/promises'
import fastify from 'fastify'
import t, { type Test } from 'tap'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { createApiKey, KeyRing, parseApiKeys } from '../../src/api-keys.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { addAuthentication } from '../../src/routes/authentication.ts'
import { addAuthorization } from '../../src/routes/authorization.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { aDirectory, anEmulator, aService, environmentFor } from '../support/service.ts'

const ID = '1KeysOfTheTests-0123456789_abcdefghijklmnopq'
const aBook = (rows: readonly number[] = [1]): Workbook => ({
  id: ID,
  title: 'Keys',
  tabs: [tabFromRows(0, 'A', [['A'], ...rows.map((row) => [row])])],
})

/** What each operation asks, written down a second time so that a slip in either place shows. */
const WANTED: Readonly<Record<string, 'open' | 'any' | 'read' | 'write' | 'admin'>> = {
  'GET /livez': 'open',
  'GET /readyz': 'open',
  'GET /metrics': 'admin',
  'GET /me': 'any',
  'GET /status': 'read',
  'POST /syncs': 'write',
  'GET /syncs': 'read',
  'GET /syncs/{id}': 'read',
  'DELETE /syncs/{id}': 'write',
  'POST /syncs/{id}/cancel': 'write',
  'POST /syncs/{id}/retry': 'write',
  'GET /syncs/{id}/events': 'read',
  'GET /syncs/events': 'read',
  'POST /syncs/{id}/webhook/redeliver': 'write',
  'GET /syncs/{id}/files': 'read',
  'GET /syncs/{id}/files/{name}': 'read',
  'POST /schedules': 'write',
  'GET /schedules': 'read',
  'GET /schedules/{id}': 'read',
  'PATCH /schedules/{id}': 'write',
  'DELETE /schedules/{id}': 'write',
  'POST /schedules/{id}/run': 'write',
  'POST /schedules/{id}/pause': 'write',
  'POST /schedules/{id}/resume': 'write',
  'GET /credentials': 'read',
  'GET /spreadsheets/{spreadsheetId}': 'read',
  'GET /spreadsheets/{spreadsheetId}/snapshots': 'read',
  'DELETE /spreadsheets/{spreadsheetId}': 'write',
  'GET /spreadsheets/{spreadsheetId}/tabs/{tab}': 'read',
  'GET /spreadsheets/{spreadsheetId}/tabs/{tab}/schema': 'read',
  'GET /spreadsheets/{spreadsheetId}/tabs/{tab}/changes': 'read',
  'GET /spreadsheets/{spreadsheetId}/tabs/{tab}/rows': 'read',
  'POST /spreadsheets/{spreadsheetId}/query': 'read',
}
/** What is no operation of the document. */
const HIDDEN = ['/openapi.json', '/docs', '/docs/', '/docs/json', '/docs/static/swagger-ui.css']

interface OpenApi {
  readonly paths: Record<
    string,
    Record<string, { readonly security: object[]; readonly responses: Record<string, object> }>
  >
  readonly components: { readonly securitySchemes: Record<string, object> }
}

t.test('each operation asks each caller for what the table says, and the document tells so', async (t) => {
  const { setting, keys } = someKeys({
    reader: ['read'],
    writer: ['write'],
    both: ['read', 'write'],
    boss: ['admin'],
  })
  const { url } = await aService(t, { API_KEYS: setting })
  const nobody = new ApiClient(url)
  const document = await nobody.json<OpenApi>('/openapi.json')
  t.match(document.components.securitySchemes, { apiKey: { type: 'http', scheme: 'bearer' } })

  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  )
  t.same(operations.map(({ name }) => name).sort(), Object.keys(WANTED).sort(), 'every operation is in the table')

  const callers: Record<string, { client: ApiClient; may: readonly string[]; code: string }> = {
    nobody: { client: nobody, may: [], code: 'API_KEY_MISSING' },
    stranger: { client: new ApiClient(url, `ssk_${'A'.repeat(43)}`), may: [], code: 'API_KEY_INVALID' },
    reader: { client: new ApiClient(url, keys.reader), may: ['any', 'read'], code: 'API_KEY_SCOPE' },
    writer: { client: new ApiClient(url, keys.writer), may: ['any', 'write'], code: 'API_KEY_SCOPE' },
    both: { client: new ApiClient(url, keys.both), may: ['any', 'read', 'write'], code: 'API_KEY_SCOPE' },
    boss: { client: new ApiClient(url, keys.boss), may: ['any', 'read', 'write', 'admin'], code: 'API_KEY_SCOPE' },
  }
  for (const { name, operation } of operations) {
    const scope = WANTED[name] ?? 'admin'
    const [method = '', path = ''] = name.split(' ')
    // Nothing of the kind exists, so whoever is let in is told 404; a body that is not valid gets 400.
    const real = path
      .replace('{id}', newSyncId())
      .replace('{name}', 'a.json')
      .replace('{spreadsheetId}', 'nothing')
      .replace('{tab}', 'A')
    for (const [who, { client, may, code }] of Object.entries(callers)) {
      const answer = await client.send(method, real, method === 'POST' && path === '/syncs' ? {} : undefined)
      const problem = answer.status >= 400 ? ((await answer.json()) as { code: string }) : undefined
      const challenge = answer.headers.get('www-authenticate')
      if (scope === 'open' || may.includes(scope)) {
        t.notOk([401, 403].includes(answer.status), `${who} may ${name}`)
        t.equal(challenge, null)
        continue
      }
      t.equal(answer.status, code === 'API_KEY_SCOPE' ? 403 : 401, `${who} may not ${name}`)
      t.match(problem, { code, status: answer.status, requestId: String })
      t.match(challenge, /^Bearer realm="sheetsync"/)
      if (code === 'API_KEY_MISSING') t.notMatch(challenge, /error/)
      if (code === 'API_KEY_INVALID') t.match(challenge, /error="invalid_token"/)
      if (code === 'API_KEY_SCOPE') {
        t.match(challenge, new RegExp(`error="insufficient_scope", scope="${scope}"`))
        t.match(problem, { detail: new RegExp(`"${scope}"`), hint: new RegExp(scope) })
      }
    }
    const scopes = scope === 'any' ? [] : [scope]
    const token = { googleAccessToken: [] }
    const withToken = /^\w+ \/(?:syncs|spreadsheets)/.test(name) ? [{ apiKey: scopes, ...token }, token] : []
    t.same(operation.security, scope === 'open' ? [] : [{ apiKey: scopes }, {}, ...withToken], name)
    for (const status of ['401', '403', '429']) t.equal(status in operation.responses, scope !== 'open', name)
  }
  for (const path of HIDDEN) t.equal(await nobody.status('GET', path), 200, `${path} is open`)
  t.equal(await nobody.status('HEAD', '/syncs'), 401, 'HEAD asks what GET asks')
  t.equal(await nobody.status('PUT', '/syncs'), 405)
  t.equal(await nobody.status('GET', '/nothing/here'), 404)
})

t.test('a route of which nobody has said who may call it stops the start', async (t) => {
  const app = fastify()
  addAuthorization(app, { keyOf: addAuthentication(app, new KeyRing()).keyOf, openMetrics: false })
  t.throws(() => app.get('/syncs/:id/secrets', () => 'all of them'), /GET \/syncs\/:id\/secrets has no rule/)
  await app.close()
})

t.test('the header is taken as RFC 6750 says, and in no other way', async (t) => {
  const { setting, keys } = someKeys({ team: ['read'] })
  const { url } = await aService(t, { API_KEYS: setting })
  const ask = async (headers: Record<string, string>, query = '') =>
    (await fetch(`${url}/syncs${query}`, { headers })).status
  t.equal(await ask({ authorization: `Bearer ${keys.team}` }), 200)
  t.equal(await ask({ authorization: `bearer  ${keys.team}` }), 200, 'the name of a scheme has no case')
  const refused = [
    { authorization: keys.team },
    { authorization: 'Bearer' },
    { authorization: `Bearer ${keys.team}, Bearer ${keys.team}` },
    { authorization: `Bearer ${keys.team.slice(0, -1)}` },
    { authorization: `Bearer ${keys.team}A` },
    { authorization: `Bearer ${keys.team.toLowerCase()}` },
    { authorization: `Basic ${btoa(`team:${keys.team}`)}` },
    { 'x-api-key': keys.team },
    // What is configured is no key.
    { authorization: `Bearer ${setting.split(':')[2]}` },
  ]
  for (const headers of refused) t.equal(await ask(headers), 401, Object.keys(headers)[0] ?? '')
  t.equal(await ask({}, `?access_token=${keys.team}`), 401, 'in a URL it would be logged by whoever stands between')
})

/** A service that two teams and an administrator use. */
async function aSharedService(t: Test, environment: Record<string, string> = {}) {
  const emulator = await anEmulator(t, { workbooks: [aBook()] })
  const { setting, keys } = someKeys({ one: ['read', 'write'], two: ['read', 'write'], boss: ['admin'] })
  const settings = { GOOGLE_API_ROOT_URL: emulator.rootUrl, API_KEYS: setting, ...environment }
  const service = await aService(t, settings)
  return {
    ...service,
    emulator,
    one: new ApiClient(service.url, keys.one),
    two: new ApiClient(service.url, keys.two),
    boss: new ApiClient(service.url, keys.boss),
  }
}

t.test('a key sees its own syncs; to others they are as if they had never been', async (t) => {
  const { one, two, boss, directory } = await aSharedService(t)
  const { id } = await one.sync({ spreadsheet: ID })
  const stored = JSON.parse(await readFile(`${directory}/sync-status/${id}.json`, 'utf8'))
  t.equal(stored.createdBy, 'one')
  const never = newSyncId()
  const { files } = await one.json<{ files: { name: string }[] }>(`/syncs/${id}/files`)
  const calls = [
    ['GET', ''],
    ['GET', '/files'],
    ['GET', `/files/${files[0]?.name}`],
    ['POST', '/cancel'],
    ['POST', '/retry'],
    ['DELETE', ''],
    ['GET', '/events'],
    ['GET', '', { prefer: 'wait=5' }],
    ['GET', '', { 'if-none-match': '*' }],
    ['GET', '/events', { 'last-event-id': '1' }],
  ] as const
  for (const [method, path, headers] of calls) {
    const answers = [id, never].map(async (sync) => {
      const answer = await two.send(method, `/syncs/${sync}${path}`, undefined, headers)
      const { requestId: _, ...problem } = (await answer.json()) as { requestId: string }
      return { status: answer.status, problem: JSON.stringify(problem).replaceAll(sync, 'ID') }
    })
    const [others, none] = await Promise.all(answers)
    t.equal(others?.status, 404, `${method} ${path}`)
    t.same(others, none, 'the very answer that an id gets which never was')
  }
  const listed = async (client: ApiClient, query = '') =>
    (await client.json<{ syncs: SyncView[] }>(`/syncs${query}`)).syncs.map((sync) => sync.id)
  t.same(await listed(two), [])
  t.same(await listed(two, `?spreadsheet=${ID}&state=succeeded`), [])
  t.same(await listed(one), [id])
  t.same(await listed(boss), [id])
  t.equal(await two.status('GET', `/spreadsheets/${ID}`), 404)
  t.equal(await two.status('GET', `/spreadsheets/${ID}/tabs/A`), 404)
  for (const client of [one, boss]) {
    t.equal(await client.status('GET', `/syncs/${id}`), 200)
    t.equal(await client.status('GET', `/syncs/${id}/files/${files[0]?.name}`), 200)
    t.equal(await client.status('GET', `/spreadsheets/${ID}`), 200)
    t.equal(await client.status('GET', `/spreadsheets/${ID}/tabs/A`), 200)
  }
  t.equal(await one.status('DELETE', `/syncs/${id}`), 204)
})

t.test('pages of one key hold none of another, and a page token of one serves no other', async (t) => {
  const { one, two } = await aSharedService(t)
  const own: string[] = []
  for (let index = 0; index < 3; index++) {
    own.unshift((await one.start({ spreadsheet: ID, ifActive: 'start' })).id)
    await two.start({ spreadsheet: ID, ifActive: 'start' })
  }
  const first = await one.json<{ syncs: SyncView[]; nextPageToken: string }>('/syncs?pageSize=2')
  t.same(
    first.syncs.map(({ id }) => id),
    own.slice(0, 2),
  )
  const next = `/syncs?pageSize=2&pageToken=${first.nextPageToken}`
  t.match(await one.json(next), { syncs: [{ id: own[2] }], nextPageToken: null })
  t.match(await two.json(next), { status: 400, code: 'PAGE_TOKEN_INVALID' })
})

t.test('the same Idempotency-Key of two API keys is two', async (t) => {
  const { one, two, boss } = await aSharedService(t)
  const post = async (client: ApiClient, body: object = { spreadsheet: ID }) => {
    const answer = await client.send('POST', '/syncs', body, { 'idempotency-key': 'nightly' })
    return { sync: (await answer.json()) as SyncView, status: answer.status }
  }
  const first = await post(one)
  const others = [await post(two), await post(boss)]
  t.equal(new Set([first, ...others].map(({ sync }) => sync.id)).size, 3)
  t.equal((await post(one)).sync.id, first.sync.id)
  t.equal((await post(two, { spreadsheet: ID, headerRow: 0 })).status, 422)
  t.equal(await two.status('GET', `/syncs/${first.sync.id}`), 404)
})

t.test("nobody joins another key's sync, not even an administrator", async (t) => {
  const { one, two, boss, emulator } = await aSharedService(t)
  const release = Promise.withResolvers<void>()
  emulator.onCall(() => release.promise)
  const own = await one.start({ spreadsheet: ID })
  t.equal((await one.start({ spreadsheet: ID })).id, own.id)
  const others = [await two.start({ spreadsheet: ID }), await boss.start({ spreadsheet: ID })]
  t.equal(new Set([own.id, ...others.map(({ id }) => id)]).size, 3)
  t.equal((await boss.start({ spreadsheet: ID })).id, others[1]?.id)
  release.resolve()
})

t.test('a retry by an administrator belongs to whom the sync belongs', async (t) => {
  const { one, two, boss, emulator } = await aSharedService(t)
  emulator.setAccess(ID, 'forbidden')
  const { id, state } = await one.sync({ spreadsheet: ID })
  t.equal(state, 'failed')
  const retried = (await (await boss.send('POST', `/syncs/${id}/retry`)).json()) as SyncView
  t.equal(await one.status('GET', `/syncs/${retried.id}`), 200)
  t.equal(await two.status('GET', `/syncs/${retried.id}`), 404)
})

t.test('each key reads its own newest snapshot, and skips only for its own', async (t) => {
  const { one, two, boss, emulator } = await aSharedService(t)
  const rows = (client: ApiClient) => client.json(`/spreadsheets/${ID}/tabs/A`)
  await one.sync({ spreadsheet: ID })
  t.match(await two.sync({ spreadsheet: ID, ifUnchanged: 'skip' }), { outcome: 'downloaded' }, "another's is no reason")
  t.match(await two.sync({ spreadsheet: ID, ifUnchanged: 'skip' }), { outcome: 'unchanged' }, 'its own is')
  emulator.addWorkbook(aBook([2]))
  await two.sync({ spreadsheet: ID })
  t.same(await rows(one), [{ A: 1 }])
  t.same(await rows(two), [{ A: 2 }])
  t.same(await rows(boss), [{ A: 2 }])
})

t.test('what was made before there were keys, or before snapshots said for whom, only admin sees', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [aBook()] })
  const directory = await aDirectory(t)
  const shared = { ...environmentFor(directory), GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const before = await aService(t, shared)
  const { id } = await new ApiClient(before.url).sync({ spreadsheet: ID })
  await before.close()
  const path = `${directory}/snapshots/${ID}/${id}/manifest.json`
  const { createdBy, ...old } = JSON.parse(await readFile(path, 'utf8'))
  t.equal(createdBy, null)
  const { setting, keys } = someKeys({ one: ['read', 'write'], boss: ['admin'] })
  for (const manifest of [{ ...old, createdBy }, old]) {
    await writeFile(path, JSON.stringify(manifest))
    const service = await aService(t, { ...shared, API_KEYS: setting })
    for (const [key, status] of [
      [keys.one, 404],
      [keys.boss, 200],
    ] as const) {
      const client = new ApiClient(service.url, key)
      t.equal(await client.status('GET', `/syncs/${id}`), status)
      t.equal(await client.status('GET', `/spreadsheets/${ID}`), status)
      t.equal(await client.status('GET', `/spreadsheets/${ID}/tabs/A`), status)
    }
    await service.close()
  }
  const after = await aService(t, shared)
  t.equal(await new ApiClient(after.url).status('GET', `/spreadsheets/${ID}/tabs/A`), 200, 'without keys all is shown')
})

t.test('while a key is replaced, the old one and the new one are the same caller', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [aBook()] })
  const [before, after] = [createApiKey('team', ['read', 'write']), createApiKey('team', ['read', 'write'])]
  const setting = `${before.entry}+${after.entry.split(':')[2]}`
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, API_KEYS: setting })
  const { id } = await new ApiClient(url, before.key).sync({ spreadsheet: ID })
  t.equal(await new ApiClient(url, after.key).status('GET', `/syncs/${id}`), 200)
})

t.test('metrics ask for admin, unless they are set open', async (t) => {
  const { setting, keys } = someKeys({ reader: ['read'], boss: ['admin'] })
  for (const openMetrics of [false, true]) {
    const app = fastify()
    const { keyOf } = addAuthentication(app, new KeyRing(parseApiKeys(setting).keys))
    addAuthorization(app, { keyOf, openMetrics })
    app.get('/metrics', () => 'syncs 1')
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    t.teardown(() => app.close())
    const statuses = [undefined, keys.reader, keys.boss].map((key) => new ApiClient(url, key).status('GET', '/metrics'))
    const wanted = openMetrics ? [200, 200, 200] : [401, 403, 200]
    t.same(await Promise.all(statuses), wanted)
  }
})
