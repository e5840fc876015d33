import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { CallLog } from '../../emulator/calls.ts'
import { startEmulator } from '../../emulator/emulator.ts'
import { syntheticWorkbook, tabFromRows } from '../../emulator/workbook.ts'
import { get, start, values } from './support.ts'

const workbook = { id: 'book', title: 'Book', tabs: [tabFromRows(0, 'One', [['a', 'b']])] }

t.test('reads over the quota are 429 until one turns a minute old; the refused ones are not counted', async (t) => {
  let now = 60_030_000
  const emulator = await start(t, { workbooks: [workbook], quota: { readsPerMinute: 3 }, now: () => now })
  const statuses = async (count: number) => {
    const seen: number[] = []
    for (let i = 0; i < count; i += 1) seen.push((await values(emulator, 'book', 'One')).status)
    return seen
  }
  t.same(await statuses(1), [200])
  now += 20_000
  t.same(await statuses(4), [200, 200, 429, 429])
  t.equal((await get(emulator, 'drive/v3/files/book')).status, 200, 'Drive has a quota of its own')
  const { body, headers } = await values(emulator, 'book', 'One')
  t.strictSame(body, {
    error: {
      code: 429,
      message:
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service " +
        "'sheets.googleapis.com' for consumer 'project_number:123456789012'.",
      status: 'RESOURCE_EXHAUSTED',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'RATE_LIMIT_EXCEEDED',
          domain: 'googleapis.com',
          metadata: {
            quota_metric: 'sheets.googleapis.com/read_requests',
            service: 'sheets.googleapis.com',
            consumer: 'projects/123456789012',
            quota_limit: 'ReadRequestsPerMinutePerUser',
          },
        },
      ],
    },
  })
  t.notOk(headers.has('retry-after'), 'Google says not when')
  now += 39_999
  t.same(await statuses(1), [429], 'though the minute of the clock has turned')
  now += 1
  t.same(await statuses(2), [200, 429], 'the first of the three')
  now += 20_000
  t.same(await statuses(3), [200, 200, 429], 'the other two')
  emulator.setQuota(undefined)
  t.same(await statuses(2), [200, 200])
})

t.test('a batch counts as one read', async (t) => {
  const emulator = await start(t, { workbooks: [workbook], quota: { readsPerMinute: 1 } })
  const { status } = await get(emulator, 'v4/spreadsheets/book/values:batchGet', { ranges: Array(20).fill('One') })
  t.equal(status, 200)
})

t.test('latency grows with the cells that an answer covers', async (t) => {
  const emulator = await start(t, {
    workbooks: [syntheticWorkbook({ id: 'big', rows: 1_000, columns: 10 })],
    latency: { baseMs: 20, perCellUs: 10 },
  })
  const timed = async (range: string) => {
    const before = performance.now()
    await values(emulator, 'big', range)
    return performance.now() - before
  }
  const [one, all] = [await timed('Data!A1'), await timed('Data')]
  t.ok(one >= 19, `one cell: ${one}`)
  t.ok(all >= 119, `ten thousand cells: ${all}`)
  t.equal(emulator.calls[1]?.cells, 10_000)
})

t.test('every call is told in order, with its query, status and cells', async (t) => {
  let now = 5
  const emulator = await start(t, { workbooks: [workbook], now: () => now++ })
  await get(emulator, 'v4/spreadsheets/book', { fields: 'spreadsheetId' }, { authorization: 'Bearer x' })
  await get(emulator, 'v4/spreadsheets/book/values:batchGet', { ranges: ['One!A1', "'One'!B1"] })
  await values(emulator, 'nope', 'One')
  await get(emulator, 'drive/v3/files/book')
  t.match(emulator.calls, [
    { n: 1, kind: 'spreadsheets.get', spreadsheetId: 'book', status: 200, cells: 0, authorization: true },
    { n: 2, kind: 'values.batchGet', path: '/v4/spreadsheets/book/values:batchGet', cells: 2, authorization: false },
    { n: 3, kind: 'values.get', spreadsheetId: 'nope', status: 404 },
    { n: 4, kind: 'files.get', spreadsheetId: 'book', status: 200 },
  ])
  t.same(emulator.calls[1]?.query.getAll('ranges'), ['One!A1', "'One'!B1"])
  t.equal(emulator.count(), 4)
  t.equal(emulator.count('values.get'), 1)
  emulator.resetCalls()
  t.equal(emulator.count(), 0)
  t.same(emulator.calls, [])
})

t.test('the log forgets beyond ten thousand calls, the count does not', async (t) => {
  const log = new CallLog()
  const call = { at: 0, kind: 'values.get', spreadsheetId: '', path: '', query: new URLSearchParams() } as const
  for (let i = 0; i < 10_100; i += 1) await log.arrive({ ...call, authorization: false, account: null, project: null })
  t.equal(log.calls.length, 10_000)
  t.equal(log.calls[0]?.n, 101)
  t.equal(log.count('values.get'), 10_100)
})

t.test('a listener hears a call as it arrives, and the answer waits for it', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const stop = emulator.onCall(async (call) => {
    t.equal(call.status, 0, 'not answered yet')
    await Promise.resolve()
    emulator.setCell('book', 0, 0, 0, 'late')
  })
  t.match((await values(emulator, 'book', 'One')).body, { values: [['late', 'b']] })
  stop()
  emulator.setCell('book', 0, 0, 0, 'later')
  t.match((await values(emulator, 'book', 'One')).body, { values: [['later', 'b']] })
})

t.test('many reads at once each get their own rows', async (t) => {
  const emulator = await start(t, { workbooks: [syntheticWorkbook({ id: 'big', rows: 40_000, columns: 5 })] })
  const blocks = Array.from({ length: 40 }, (_, i) => i)
  const bodies = await Promise.all(
    blocks.map(async (i) => {
      const { body } = await values(emulator, 'big', `Data!A${i * 1000 + 1}:A${(i + 1) * 1000}`)
      return (body as { values: string[][] }).values
    }),
  )
  for (const i of blocks) {
    t.equal(bodies[i]?.length, 1000)
    if (i > 0) t.match(bodies[i]?.[0]?.[0], new RegExp(`^${i * 1000}\\d$`))
  }
})

t.test('answers are compressed only for who asks, and only when told to', async (t) => {
  const emulator = await start(t, { workbooks: [workbook], gzip: true })
  const gzip = await values(emulator, 'book', 'One')
  t.equal(gzip.headers.get('content-encoding'), 'gzip')
  t.match(gzip.body, { values: [['a', 'b']] })
  const url = new URL('v4/spreadsheets/book/values/One', emulator.rootUrl)
  const plain = await fetch(url, { headers: { 'accept-encoding': 'identity' } })
  t.equal(plain.headers.get('content-encoding'), null)
  const off = await start(t, { workbooks: [workbook] })
  t.equal((await values(off, 'book', 'One')).headers.get('content-encoding'), null)
})

t.test('a workbook can be added, replaced and removed while running', async (t) => {
  const emulator = await start(t)
  t.equal((await values(emulator, 'book', 'One')).status, 404)
  emulator.addWorkbook(workbook)
  t.equal((await values(emulator, 'book', 'One')).status, 200)
  emulator.addWorkbook({ ...workbook, tabs: [tabFromRows(0, 'One', [['z']])] })
  t.match((await values(emulator, 'book', 'One')).body, { values: [['z']] })
  emulator.removeWorkbook('book')
  t.equal((await values(emulator, 'book', 'One')).status, 404)
  t.throws(() => emulator.touch('book'), RangeError)
})

t.test('close drops what hangs, waits or idles, frees the port, and may be called twice', async (t) => {
  const emulator = await startEmulator({ workbooks: [workbook], latency: { baseMs: 60_000 } })
  const { port } = new URL(emulator.rootUrl)
  const idle = connect(Number(port), '127.0.0.1')
  await once(idle, 'connect')
  emulator.fail({ on: { kind: 'files.get' }, do: { kind: 'hang' } })
  const arrived = Promise.withResolvers<void>()
  emulator.onCall(() => {
    if (emulator.count() === 2) arrived.resolve()
  })
  const hung = get(emulator, 'drive/v3/files/book')
  const waiting = values(emulator, 'book', 'One')
  const [ends, first, second] = [once(idle, 'close'), t.rejects(hung), t.rejects(waiting)]
  await arrived.promise
  await Promise.all([emulator.close(), emulator.close(), ends, first, second])
  const again = await startEmulator({ port: Number(port) })
  t.equal(again.rootUrl, emulator.rootUrl)
  await again.close()
})
