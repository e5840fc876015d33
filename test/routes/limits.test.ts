import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { problem } from '../../src/model/problem.ts'
import { StreamLimit } from '../../src/routes/event-streams.ts'
import { ANYONE } from '../../src/syncs/caller.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { anEmulator, aService, finished, pollUntil } from '../support/service.ts'

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

t.test('requests beyond the limit of a minute get 429, and every answer tells what is left', async (t) => {
  const { url } = await aService(t, { RATE_LIMIT: '4' })
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
    const { r, t: seconds = 0 } = fieldOf(answer, 'ratelimit') ?? {}
    t.equal(r, 3 - index)
    t.ok(seconds > 0 && seconds <= 60)
    for (const old of ['ratelimit-limit', 'ratelimit-remaining', 'x-ratelimit-limit'])
      t.notOk(answer.headers.has(old), `${old} is of an older draft`)
  }
  const refused = await fetch(`${url}/syncs`)
  t.equal(refused.status, 429)
  t.match(problem.parse(await refused.json()), { code: 'RATE_LIMITED', retryable: true, status: 429 })
  const { t: seconds } = fieldOf(refused, 'ratelimit') ?? {}
  t.match(fieldOf(refused, 'ratelimit'), { r: 0 })
  t.equal(refused.headers.get('retry-after'), String(seconds))
  for (const path of ['/livez', '/readyz']) {
    const answer = await ask(path)
    t.equal(answer.status, 200, `${path} is never refused`)
    t.notOk(answer.headers.has('ratelimit'))
  }
})

t.test('each key has a limit of its own, and whoever has none shares that of the address', async (t) => {
  const { setting, keys } = someKeys({ one: ['read'], two: ['read'] })
  const { url } = await aService(t, { RATE_LIMIT: '3', API_KEYS: setting })
  const statuses = async (client: ApiClient, times: number) => {
    const all: number[] = []
    for (let index = 0; index < times; index++) all.push(await client.status('GET', '/syncs'))
    return all
  }
  t.same(await statuses(new ApiClient(url, keys.one), 4), [200, 200, 200, 429])
  t.same(await statuses(new ApiClient(url, keys.two), 3), [200, 200, 200])
  t.same(await statuses(new ApiClient(url, 'ssk_guess'), 2), [401, 401])
  t.same(await statuses(new ApiClient(url, 'ssk_another-guess'), 2), [401, 429], 'guesses are counted together')
  t.same(await statuses(new ApiClient(url), 1), [429])
  t.same(await statuses(new ApiClient(url, keys.two), 1), [429])
})

t.test('without RATE_LIMIT nothing is counted nor told', async (t) => {
  const { url } = await aService(t, {})
  const answer = await fetch(`${url}/syncs`)
  t.notOk(answer.headers.has('ratelimit') || answer.headers.has('ratelimit-policy'))
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

t.test('what is closed twice counts once, and without keys nothing counts', async (t) => {
  const streams = new StreamLimit(2)
  const one = { name: 'one', seesAll: false }
  const close = streams.open(one)
  streams.open(one)
  t.throws(() => streams.open(one), { code: 'TOO_MANY_STREAMS', status: 429 })
  streams.open({ name: 'two', seesAll: true })
  close()
  close()
  streams.open(one)
  t.throws(() => streams.open(one), { code: 'TOO_MANY_STREAMS' })
  for (let index = 0; index < 10; index++) streams.open(ANYONE)
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
    sendSlowly(url, 'GET /syncs HTTP/1.1\r\nHost: x\r\n', 'X-A: b\r\n'),
    sendSlowly(
      url,
      'POST /syncs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n',
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
  const large = await sendSlowly(url, `GET /syncs HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`)
  t.equal(large.status, 431)
  t.match(problem.parse(JSON.parse(large.body)), { code: 'HEADERS_TOO_LARGE' })
  // The connection had answered before, as those of browsers have.
  const kept = await sendSlowly(
    url,
    `GET /livez HTTP/1.1\r\nHost: x\r\n\r\n`,
    `GET /syncs HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`,
  )
  t.match(kept.all, /^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 431 [\s\S]*HEADERS_TOO_LARGE/)
  const garbage = await sendSlowly(url, 'ssk_canary is no request\r\n\r\n')
  t.equal(garbage.status, 400)
  t.match(problem.parse(JSON.parse(garbage.body)), { code: 'REQUEST_MALFORMED' })
  t.notMatch(garbage.body, /ssk_/)
})
