import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { KeyRing, parseApiKeys } from '../../src/api-keys.ts'
import type { AppDependencies } from '../../src/app.ts'
import { problem } from '../../src/model/problem.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { silentLog } from '../../src/ports/log.ts'
import { RequestCounts } from '../../src/routes/request-counts.ts'
import { cancelSync } from '../../src/syncs/sync.ts'
import { anApp } from '../support/app.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { anEmulator, aService, finished, pollUntil } from '../support/service.ts'
import { aQueuedSync } from '../support/syncs.ts'

const ID = '1LimitsOfTheTests-0123456789_abcdefghijklmno'
const book: Workbook = { id: ID, title: 'Limits', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }

/** The item and the parameters of a RateLimit or RateLimit-Policy field, which are lists of RFC 9651. */
function fieldOf(answer: Response, name: string): Record<string, number> | undefined {
  const value = answer.headers.get(name)
  if (value === null) return undefined
  const [item, ...parameters] = value.split(';')
  if (item !== '"default"') throw new Error(`${name} is ${value}`)
  return Object.fromEntries(parameters.map((parameter) => parameter.split('=')).map(([key, n]) => [key, Number(n)]))
}

/** An app whose callers may make so many requests a minute, by a clock that stands still. */
async function aLimitedApp(t: Test, limit: number, dependencies: Omit<Partial<AppDependencies>, 'clock'> = {}) {
  const clock = new FakeClock()
  const requestCounts = new RequestCounts({ limit, clock, log: silentLog })
  const storage = new MemoryStorage()
  const app = await anApp(t, storage, undefined, { clock, requestCounts, ...dependencies })
  return { ...app, storage }
}

t.test('requests beyond the limit of a minute get 429, and every answer tells what is left', async (t) => {
  const { url, clock } = await aLimitedApp(t, 4)
  const ask = async (path: string, method = 'GET') => {
    const answer = await fetch(`${url}${path}`, { method })
    await answer.arrayBuffer()
    return answer
  }
  const asked = [await ask('/syncs'), await ask('/nothing'), await ask('/syncs', 'PUT'), await ask('/docs/')]
  t.same(
    asked.map(({ status }) => status),
    [200, 404, 405, 200],
  )
  for (const [index, answer] of asked.entries()) {
    t.same(fieldOf(answer, 'ratelimit-policy'), { q: 4, w: 60 })
    t.same(fieldOf(answer, 'ratelimit'), { r: 3 - index, t: 60 })
    for (const old of ['ratelimit-limit', 'ratelimit-remaining', 'x-ratelimit-limit'])
      t.notOk(answer.headers.has(old), `${old} is of an older draft`)
  }
  await clock.advance(10_500)
  for (const [path, method] of [
    ['/syncs', 'GET'],
    ['/nothing', 'GET'],
    ['/livez', 'PUT'],
  ] as const) {
    const refused = await fetch(`${url}${path}`, { method })
    t.equal(refused.status, 429, path)
    t.match(problem.parse(await refused.json()), { code: 'RATE_LIMITED', retryable: true, hint: /RATE_LIMIT/ })
    t.same(fieldOf(refused, 'ratelimit'), { r: 0, t: 50 })
    t.equal(refused.headers.get('retry-after'), '50')
  }
  await clock.advance(49_500)
  t.equal((await ask('/syncs')).status, 200, 'the next minute')
})

t.test('whoever watches a sync, and what looks after the service, is neither counted nor refused', async (t) => {
  const { url, storage } = await aLimitedApp(t, 1)
  const sync = cancelSync(aQueuedSync(), new Date(), 60_000)
  await storage.create({ ...sync, revision: 1 })
  const path = `/syncs/${sync.id}`
  for (let round = 0; round < 3; round++) {
    for (const [polled, init] of [
      [path, {}],
      [path, { method: 'HEAD' }],
      [path, { headers: { 'if-none-match': '"1"' } }],
      [path, { headers: { prefer: 'wait=1' } }],
      [`${path}/events`, {}],
      ['/syncs/events', { method: 'HEAD' }],
      ['/livez', {}],
      ['/readyz', {}],
    ] as const) {
      const answer = await fetch(`${url}${polled}`, init)
      await answer.arrayBuffer()
      t.ok(answer.ok || answer.status === 304, `${answer.status} of ${polled}`)
      t.notOk(answer.headers.has('ratelimit'))
    }
  }
  t.equal((await fetch(`${url}${path}`, { method: 'DELETE' })).status, 204, 'nothing was used up')
  t.equal((await fetch(`${url}${path}`, { method: 'DELETE' })).status, 429, 'what changes it is counted')
})

t.test('each key has a limit of its own, and whoever has none shares that of the address', async (t) => {
  const { setting, keys } = someKeys({ one: ['read'], two: ['read'] })
  const { url } = await aLimitedApp(t, 3, { apiKeys: new KeyRing(parseApiKeys(setting).keys) })
  const statuses = async (client: ApiClient, times: number, path = '/syncs') => {
    const all: number[] = []
    for (let index = 0; index < times; index++) all.push(await client.status('GET', path))
    return all
  }
  t.same(await statuses(new ApiClient(url, keys.one), 4), [200, 200, 200, 429])
  t.same(await statuses(new ApiClient(url, keys.two), 3), [200, 200, 200])
  t.same(await statuses(new ApiClient(url, 'ssk_guess'), 1), [401])
  const poll = `/syncs/${newSyncId()}`
  t.same(await statuses(new ApiClient(url, 'ssk_guess'), 1, poll), [401])
  t.same(await statuses(new ApiClient(url, 'ssk_another-guess'), 2), [401, 429], 'guesses are counted together')
  t.same(await statuses(new ApiClient(url, 'ssk_another-guess'), 1, poll), [429], 'at whatever they are made')
  t.same(await statuses(new ApiClient(url), 1), [429])
  t.same(await statuses(new ApiClient(url, keys.two), 1), [429])
})

t.test('X-Forwarded-For tells clients apart where a proxy is trusted, and is nothing elsewhere', async (t) => {
  const from = async (url: string, forwarded: string) =>
    (await fetch(`${url}/syncs`, { headers: { 'x-forwarded-for': forwarded } })).status
  const { url } = await aLimitedApp(t, 1, { trustedProxies: ['loopback', '10.0.0.0/8'] })
  t.equal(await from(url, '192.0.2.1'), 200)
  t.equal(await from(url, '192.0.2.1'), 429)
  t.equal(await from(url, '192.0.2.2, 10.1.2.3'), 200, 'behind two proxies')
  t.equal(await from(url, '192.0.2.9, 192.0.2.2'), 429, 'what a client claims of itself is not believed')
  t.equal(await from(url, '2001:db8::1'), 200)
  t.equal(await from(url, '2001:db8::2'), 429, 'of IPv6 a whole /64 is one')
  t.equal(await from(url, '2001:db8:0:1::1'), 200)
  const { url: open } = await aLimitedApp(t, 1)
  t.equal(await from(open, '192.0.2.1'), 200)
  t.equal(await from(open, '192.0.2.2'), 429)
})

t.test('6,000 requests a minute are the default of a whole service; off counts and tells nothing', async (t) => {
  const answer = await fetch(`${(await aService(t, {})).url}/syncs`)
  t.match(fieldOf(answer, 'ratelimit'), { r: 5999 })
  const unlimited = await fetch(`${(await aService(t, { RATE_LIMIT: 'off' })).url}/syncs`)
  t.notOk(unlimited.headers.has('ratelimit') || unlimited.headers.has('ratelimit-policy'))
})

t.test('a queue that is full refuses the next sync with 503, and takes it when there is room', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [book] })
  const settings = { MAX_QUEUED: '2', SYNC_CONCURRENCY: '1', GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const { url } = await aService(t, settings)
  const client = new ApiClient(url)
  const release = Promise.withResolvers<void>()
  emulator.onCall(() => release.promise)
  const running = await client.start({ spreadsheet: ID })
  await pollUntil(url, running.id, (sync) => sync.state === 'running')
  const post = (ifActive: 'join' | 'start') => client.send('POST', '/syncs', { spreadsheet: ID, ifActive })
  t.equal((await post('start')).status, 202)
  t.equal((await post('start')).status, 202)
  const refused = await post('start')
  t.equal(refused.status, 503)
  t.match(problem.parse(await refused.json()), { code: 'QUEUE_FULL', retryable: true, hint: /MAX_QUEUED/ })
  t.equal(refused.headers.get('retry-after'), '5')
  t.equal((await post('join')).status, 202, 'to join one needs no room')
  t.equal((await client.json<{ syncs: unknown[] }>('/syncs')).syncs.length, 3, 'nothing was recorded of it')
  release.resolve()
  await pollUntil(url, running.id, finished)
  let again = await post('start')
  while (again.status === 503) again = await post('start')
  t.equal(again.status, 202)
})

t.test('a key may have so many active syncs, retries included; other keys go on', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [book] })
  const { setting, keys } = someKeys({ one: ['read', 'write'], two: ['read', 'write'] })
  const settings = { API_KEYS: setting, MAX_ACTIVE_PER_KEY: '2', GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const { url } = await aService(t, settings)
  const one = new ApiClient(url, keys.one)
  emulator.setAccess(ID, 'forbidden')
  const failed = await one.sync({ spreadsheet: ID })
  emulator.setAccess(ID, 'ok')
  const release = Promise.withResolvers<void>()
  emulator.onCall(() => release.promise)
  for (let index = 0; index < 2; index++) await one.start({ spreadsheet: ID, ifActive: 'start' })
  for (const [path, body] of [
    ['/syncs', { spreadsheet: ID, ifActive: 'start' }],
    [`/syncs/${failed.id}/retry`, undefined],
  ] as const) {
    const refused = await one.send('POST', path, body)
    t.equal(refused.status, 429, path)
    t.match(problem.parse(await refused.json()), { code: 'TOO_MANY_ACTIVE', detail: /2 active/ })
    t.equal(refused.headers.get('retry-after'), '1')
  }
  t.equal(await new ApiClient(url, keys.two).status('POST', '/syncs', { spreadsheet: ID }), 202)
  release.resolve()
})

t.test('a key may have so many streams open; a place is free again once one has ended', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [book] })
  const { setting, keys } = someKeys({ one: ['read', 'write'], two: ['read', 'write'] })
  const settings = { API_KEYS: setting, MAX_STREAMS_PER_KEY: '2', GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const { url } = await aService(t, settings)
  const one = new ApiClient(url, keys.one)
  const two = new ApiClient(url, keys.two)
  const release = Promise.withResolvers<void>()
  emulator.onCall(() => release.promise)
  const [own, other] = [await one.start({ spreadsheet: ID }), await two.start({ spreadsheet: ID })]
  const stream = (client: ApiClient, { id }: { id: string }, method = 'GET') =>
    client.send(method, `/syncs/${id}/events`)
  const open = [await stream(one, own), await stream(one, own)]
  const refused = await stream(one, own)
  t.equal(refused.status, 429)
  t.match(problem.parse(await refused.json()), { code: 'TOO_MANY_STREAMS', retryable: true })
  t.equal(refused.headers.get('retry-after'), '5')
  open.push(await stream(two, other))
  t.equal(open[2]?.status, 200)
  t.equal((await stream(two, other, 'HEAD')).status, 200)
  await open[0]?.body?.cancel()
  let again = await stream(one, own)
  while (again.status === 429) again = await stream(one, own)
  t.equal(again.status, 200, 'the one that the client has left is counted no more')
  release.resolve()
  for (const answer of [...open.slice(1), again]) t.match(await answer.text(), /"state":"succeeded"/)
  const late = await Promise.all([stream(one, own), stream(one, own)])
  for (const answer of late) t.match(await answer.text(), /"state":"succeeded"/, 'nor are those that have ended')
})

t.test('streams leave room for requests on the connections of a proxy, however many clients it has', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [book] })
  const settings = { TRUST_PROXY: 'loopback', MAX_CONNECTIONS: '16', GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const { url } = await aService(t, settings)
  const release = Promise.withResolvers<void>()
  emulator.onCall(() => release.promise)
  const { id } = await new ApiClient(url).start({ spreadsheet: ID })
  const statuses = new Map<number, number>()
  for (let client = 1; client <= 8; client += 1) {
    const headers = { 'x-forwarded-for': `192.0.2.${client}` }
    const { status, body } = await fetch(`${url}/syncs/${id}/events`, { headers })
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (status !== 200) await body?.cancel()
  }
  t.same(Object.fromEntries(statuses), { 200: 4, 429: 4 })
  t.equal((await fetch(`${url}/syncs/${id}`, { headers: { connection: 'close' } })).status, 200)
  release.resolve()
})

/** Sends raw bytes, then more of them now and then, and resolves to all that comes back once the line is cut. */
async function sendSlowly(
  url: string,
  first: string,
  drip = '',
): Promise<{ status: number; body: string; all: string; ms: number }> {
  const { hostname, port } = new URL(url)
  const began = performance.now()
  const socket = connect(Number(port), hostname)
  // The other side may cut the line while a byte is on its way.
  socket.on('error', () => undefined)
  socket.write(first)
  const dripping = drip === '' ? undefined : setInterval(() => socket.write(drip), 100)
  const answer = await text(socket)
  clearInterval(dripping)
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), body, all: answer, ms: performance.now() - began }
}

t.test('who sends a request drop by drop is cut off, while others are served', async (t) => {
  const { url } = await aService(t, { REQUEST_TIMEOUT: '1s' })
  const slow = [
    sendSlowly(url, 'GET /syncs HTTP/1.1\r\nHost: localhost\r\n', 'X-A: b\r\n'),
    sendSlowly(
      url,
      'POST /syncs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n',
      ' ',
    ),
    sendSlowly(url, 'GET /sy'),
    // Says nothing at all.
    sendSlowly(url, ''),
  ]
  const served = await fetch(`${url}/syncs`)
  t.equal(served.status, 200)
  for (const { status, body, ms } of await Promise.all(slow)) {
    t.equal(status, 408)
    t.match(problem.parse(JSON.parse(body)), { code: 'REQUEST_TIMEOUT', status: 408 })
    t.ok(ms > 900 && ms < 8000, `after ${Math.round(ms)} ms`)
  }
})

t.test('headers that are too large, and what is no HTTP, are answered as a problem', async (t) => {
  const { url } = await aService(t, {})
  const large = await sendSlowly(url, `GET /syncs HTTP/1.1\r\nHost: localhost\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`)
  t.equal(large.status, 431)
  t.match(problem.parse(JSON.parse(large.body)), { code: 'HEADERS_TOO_LARGE' })
  // The connection had answered before, as those of browsers have.
  const kept = await sendSlowly(
    url,
    `GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    `GET /syncs HTTP/1.1\r\nHost: localhost\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`,
  )
  t.match(kept.all, /^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 431 [\s\S]*HEADERS_TOO_LARGE/)
  const garbage = await sendSlowly(url, 'ssk_canary is no request\r\n\r\n')
  t.equal(garbage.status, 400)
  t.match(problem.parse(JSON.parse(garbage.body)), { code: 'REQUEST_MALFORMED' })
  t.notMatch(garbage.body, /ssk_/)
})
