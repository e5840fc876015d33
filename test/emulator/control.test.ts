import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { control, get, start, values } from './support.ts'

const workbook = { id: 'book', title: 'Book', tabs: [tabFromRows(0, 'One', [['a', 'b']])] }

t.test('another process can set faults, cells, quota, access and latency, and read the calls', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const status = async () => (await values(emulator, 'book', 'One')).status
  t.equal((await control(emulator, 'faults', { on: { nth: 2 }, do: { status: 503 } })).status, 200)
  t.same([await status(), await status(), await status()], [200, 503, 200])
  await control(emulator, 'faults', [{ on: { times: 'always' }, do: { status: 500 } }])
  t.equal(await status(), 500)
  await control(emulator, 'faults', undefined, 'DELETE')
  t.equal(await status(), 200)

  await control(emulator, 'cells', [
    { spreadsheetId: 'book', gid: 0, row: 0, column: 0, value: { date: '2024-01-31' } },
    { spreadsheetId: 'book', gid: 0, row: 0, column: 1, value: { formula: '=1/0', value: { error: '#DIV/0!' } } },
    { spreadsheetId: 'book', gid: 0, row: 1, column: 0, value: null },
    { spreadsheetId: 'book', gid: 0, row: 1, column: 1, value: { time: '10:00:00' } },
  ])
  t.match((await values(emulator, 'book', 'One')).body, {
    values: [
      ['2024-01-31', '#DIV/0!'],
      ['', '10:00:00'],
    ],
  })

  await control(emulator, 'access', { spreadsheetId: 'book', access: 'forbidden' })
  t.equal(await status(), 403)
  await control(emulator, 'access', { spreadsheetId: 'book', access: 'ok' })
  await control(emulator, 'quota', { readsPerMinute: 0 })
  t.equal(await status(), 429)
  await control(emulator, 'quota', null)
  await control(emulator, 'latency', { baseMs: 15 })
  const before = performance.now()
  t.equal(await status(), 200)
  t.ok(performance.now() - before >= 14)

  const version = async () => (await get(emulator, 'drive/v3/files/book', { fields: 'version' })).body
  const old = await version()
  await control(emulator, 'touch', { spreadsheetId: 'book' })
  t.notSame(await version(), old)

  t.strictSame((await get(emulator, 'emulator/count', { kind: 'files.get' })).body, { count: 2 })
  const calls = (await get(emulator, 'emulator/calls')).body as object[]
  t.equal(calls.length, emulator.count())
  t.match(calls[0], { n: 1, kind: 'values.get', spreadsheetId: 'book', status: 200, query: [] })
  await control(emulator, 'reset', undefined)
  t.equal(emulator.count(), 0)
  t.match((await get(emulator, 'emulator/workbooks')).body, [{ id: 'book', title: 'Book' }])
  t.match((await get(emulator, 'emulator/service-account')).body, { token_uri: emulator.tokenUrl })
})

t.test('a wrong command is told and changes nothing', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  for (const [name, body] of [
    ['faults', { do: { kind: 'nope' } }],
    ['faults', { do: { kind: 'cut', afterBites: 1 } }],
    ['faults', { on: { nth: 0 }, do: { status: 500 } }],
    ['cells', { spreadsheetId: 'nope', gid: 0, row: 0, column: 0, value: 1 }],
    ['cells', { spreadsheetId: 'book', gid: 0, row: -1, column: 0, value: 1 }],
    ['access', { spreadsheetId: 'book', access: 'maybe' }],
    ['quota', {}],
  ] as const) {
    const answer = await control(emulator, name, body)
    t.equal(answer.status, 400, JSON.stringify(body))
    t.match(answer.body, { error: String })
  }
  t.equal((await control(emulator, 'nope', {})).status, 404)
  t.equal((await values(emulator, 'book', 'One')).status, 200)
})
