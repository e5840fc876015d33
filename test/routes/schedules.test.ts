import t, { type Test } from 'tap'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { createApiKey } from '../../src/api-keys.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import type { ScheduleView } from '../../src/schedules/schedule-view.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { anEmulator, aService, finished, pollUntil } from '../support/service.ts'

const ID = '1SchedulesOfTheTests-0123456789_abcdefghijkl'
const book: Workbook = { id: ID, title: 'Book', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }
const HOURLY = { name: 'Hourly', request: { spreadsheet: ID }, every: '1h' }

async function setUp(t: Test, environment: Record<string, string> = {}) {
  const emulator = await anEmulator(t, { workbooks: [book] })
  const google = { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_API_KEY: 'any' }
  const { url } = await aService(t, { ...google, ...environment })
  return { url, client: new ApiClient(url) }
}

async function json<T>(answer: Promise<Response>, status: number): Promise<T> {
  const response = await answer
  const body = (await response.json()) as T
  if (response.status !== status) throw new Error(`${response.status}: ${JSON.stringify(body)}`)
  return body
}

t.test('a schedule is made, read, listed, changed, paused, resumed, run and removed', async (t) => {
  const { url, client } = await setUp(t)
  const answer = await client.send('POST', '/schedules', HOURLY)
  const made = await json<ScheduleView>(Promise.resolve(answer), 201)
  const path = `/schedules/${made.id}`
  t.equal(answer.headers.get('location'), path)
  t.equal(answer.headers.get('etag'), '"1"')
  t.match(made, { state: 'active', ...HOURLY, timeZone: 'UTC', onChange: false, lastSync: null, failuresInARow: 0 })
  t.ok(Date.parse(made.nextRunAt ?? '') - Date.parse(made.createdAt) >= 3_600_000)
  t.same(await json(client.send('GET', path), 200), made)
  t.same(await json(client.send('GET', '/schedules'), 200), { schedules: [made], nextPageToken: null })
  t.same(await json(client.send('GET', '/schedules?spreadsheet=another-one'), 200), {
    schedules: [],
    nextPageToken: null,
  })

  await json(client.send('PATCH', path, { name: 'x' }, { 'if-match': '"7"' }), 412)
  const patch = { every: null, cron: '0 6 * * *', timeZone: 'Europe/Berlin', request: { formats: ['csv'] } }
  const changed = await json<ScheduleView>(client.send('PATCH', path, patch, { 'if-match': '"1"' }), 200)
  t.match(changed, { revision: 2, name: 'Hourly', cron: '0 6 * * *', every: null })
  t.match(changed.request, { spreadsheet: ID, formats: ['csv'] })

  t.match(await json(client.send('POST', `${path}/pause`), 200), {
    state: 'paused',
    nextRunAt: null,
    pause: { reason: 'user' },
  })
  const sync = await json<SyncView>(client.send('POST', `${path}/run`), 202)
  t.match(sync, { scheduleId: made.id })
  await pollUntil(url, sync.id, finished)
  t.match(await json(client.send('GET', path), 200), {
    lastSync: { id: sync.id, state: 'succeeded' },
    lastSuccess: { id: sync.id },
  })
  t.match(await json(client.send('GET', `/syncs?schedule=${made.id}`), 200), { syncs: [{ id: sync.id }] })
  t.match(await json(client.send('POST', `${path}/resume`), 200), { state: 'active', pause: null })

  t.equal(await client.status('DELETE', path), 204)
  await json(client.send('GET', path), 404)
  t.equal((await client.send('GET', `/syncs/${sync.id}`)).status, 200, 'its syncs stay')
})

t.test('pages lead through all schedules, newest first', async (t) => {
  const { client } = await setUp(t)
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) await json(client.send('POST', '/schedules', { ...HOURLY, name }), 201)
  const seen: string[] = []
  for (let token: string | null = ''; token !== null; ) {
    const more: string = token === '' ? '' : `&pageToken=${token}`
    const page: { schedules: ScheduleView[]; nextPageToken: string | null } = await json(
      client.send('GET', `/schedules?pageSize=2${more}`),
      200,
    )
    seen.push(...page.schedules.map(({ name }) => name))
    token = page.nextPageToken
  }
  t.same(seen, names.toReversed())
  await json(client.send('GET', '/schedules?pageToken=nonsense'), 400)
})

t.test('every field at fault is told at once, by its path', async (t) => {
  const { client } = await setUp(t)
  const fieldsOf = async (method: string, path: string, body: unknown) =>
    (await json<{ errors: { field: string }[] }>(client.send(method, path, body), 400)).errors
      .map(({ field }) => field)
      .sort()
  const bad = {
    name: '',
    request: { spreadsheet: '', tabs: 3, maxAge: '1h', csv: { bom: 1 } },
    cron: '* *',
    every: '1s',
    timeZone: 'Mars/Olympus',
    onChange: 'yes',
    jitter: '-1s',
    colour: 'red',
  }
  const all = [
    'colour',
    'cron',
    'every',
    'jitter',
    'name',
    'onChange',
    'request.csv.bom',
    'request.spreadsheet',
    'request.tabs',
    'timeZone',
  ]
  t.same(await fieldsOf('POST', '/schedules', bad), all)
  for (const [body, fields] of [
    [{ ...HOURLY, every: '59s' }, ['every']],
    [{ ...HOURLY, every: '15' }, ['every']],
    [{ ...HOURLY, cron: '* * * * *' }, ['every']],
    [{ ...HOURLY, every: undefined }, ['cron']],
    [{ ...HOURLY, every: undefined, onChange: false }, ['cron']],
    [{ ...HOURLY, every: undefined, cron: '* * * * * *' }, ['cron']],
    [{ ...HOURLY, request: { spreadsheet: ID, maxAge: '1h' } }, ['request.maxAge']],
    [{ ...HOURLY, request: { spreadsheet: ID, webhook: { url: 'https://example.com/x' } } }, ['request.webhook.url']],
    [{}, ['cron', 'name', 'request']],
    [[], ['body']],
    ['text', ['body']],
  ] as const) {
    t.same(await fieldsOf('POST', '/schedules', body), fields, JSON.stringify(body))
  }
  const { id } = await json<ScheduleView>(client.send('POST', '/schedules', HOURLY), 201)
  t.same(await fieldsOf('PATCH', `/schedules/${id}`, { every: null }), ['cron'])
  t.same(await fieldsOf('PATCH', `/schedules/${id}`, { cron: '@daily' }), ['every'])
  t.same(await fieldsOf('PATCH', `/schedules/${id}`, { request: { tabs: [] } }), ['request.tabs'])
  t.same(await fieldsOf('PATCH', `/schedules/${id}`, JSON.parse('{"__proto__x": 1, "request": null}')), [
    '__proto__x',
    'request',
  ])
  t.same(await fieldsOf('PATCH', `/schedules/${id}`, []), ['body'])
  t.same(await fieldsOf('GET', '/schedules/sync-1', undefined), ['id'])
  t.same(await fieldsOf('GET', '/syncs?schedule=x', undefined), ['schedule'])
})

t.test('a key has schedules of its own, of spreadsheets that it may use, and so many', async (t) => {
  const { setting, keys } = someKeys({ one: ['read', 'write'], two: ['read', 'write'], boss: ['admin'] })
  const narrow = createApiKey('narrow', ['read', 'write'], ['another-spreadsheet'])
  const { url } = await setUp(t, { API_KEYS: `${setting},${narrow.entry}`, MAX_SCHEDULES_PER_KEY: '2' })
  const [one, two, boss] = [keys.one, keys.two, keys.boss].map((key) => new ApiClient(url, key)) as [
    ApiClient,
    ApiClient,
    ApiClient,
  ]
  const { id } = await json<ScheduleView>(one.send('POST', '/schedules', HOURLY), 201)
  for (const [method, path] of [
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/run'],
    ['POST', '/pause'],
    ['POST', '/resume'],
  ] as const) {
    const body = method === 'PATCH' ? { name: 'x' } : undefined
    t.match(
      await json(two.send(method, `/schedules/${id}${path}`, body), 404),
      { code: 'SCHEDULE_NOT_FOUND' },
      method + path,
    )
  }
  t.match(await json(two.send('GET', '/schedules'), 200), { schedules: [] })
  t.match(await json(boss.send('GET', '/schedules'), 200), { schedules: [{ id }] })
  const limited = new ApiClient(url, narrow.key)
  const [asSchedule, asSync] = [HOURLY, HOURLY.request]
  const refused = await json<object>(limited.send('POST', '/schedules', asSchedule), 403)
  t.match(refused, { code: 'SPREADSHEET_NOT_ALLOWED' })
  t.match(await json(limited.send('POST', '/syncs', asSync), 403), { code: 'SPREADSHEET_NOT_ALLOWED' })
  await json(one.send('POST', '/schedules', HOURLY), 201)
  t.match(await json(one.send('POST', '/schedules', HOURLY), 429), { code: 'TOO_MANY_SCHEDULES' })
  await json(two.send('POST', '/schedules', HOURLY), 201)
})
