import { once } from 'node:events'
import t from 'tap'
import type { Emulator } from '../../emulator/emulator.ts'
import { syntheticWorkbook, tabFromRows } from '../../emulator/workbook.ts'
import { get, start, values } from './support.ts'

const workbooks = [
  { id: 'book', title: 'Book', tabs: [tabFromRows(0, 'One', [['a'], ['b'], ['c']])] },
  syntheticWorkbook({ id: 'big', rows: 5_000, columns: 10 }),
]
const ok = async (emulator: Emulator) => (await values(emulator, 'book', 'One')).status
/** The network error of a fetch that got no whole answer. */
const broken = async (answer: Promise<unknown>) => {
  const error = await answer.then(
    () => undefined,
    (reason: Error) => reason,
  )
  return (error?.cause as { code?: string } | undefined)?.code ?? error?.message
}

t.test('a fault strikes the nth matching call, so many times, and no other', async (t) => {
  const emulator = await start(t, { workbooks })
  emulator.fail({ on: { kind: 'values.get', nth: 2, times: 2 }, do: { status: 503 } })
  const seen: number[] = []
  for (let i = 0; i < 5; i += 1) {
    seen.push(await ok(emulator))
    await get(emulator, 'v4/spreadsheets/book')
  }
  t.same(seen, [200, 503, 503, 200, 200])
  emulator.fail({ on: { spreadsheetId: 'other' }, do: { status: 500 } })
  t.equal(await ok(emulator), 200)
})

t.test('an endless fault lasts until it is cleared', async (t) => {
  const emulator = await start(t, { workbooks })
  emulator.fail({ on: { times: 'always' }, do: { status: 500 } })
  for (let i = 0; i < 3; i += 1) t.equal(await ok(emulator), 500)
  emulator.clearFaults()
  t.equal(await ok(emulator), 200)
})

t.test('a status may bring its own body and headers', async (t) => {
  const emulator = await start(t, { workbooks })
  emulator.fail({ do: { status: 429, body: '{"odd":', headers: { 'retry-after': '7', 'content-type': 'text/odd' } } })
  const answer = await values(emulator, 'book', 'One')
  t.same([answer.status, answer.text, answer.headers.get('retry-after')], [429, '{"odd":', '7'])
})

t.test('a reset breaks the connection without an answer', async (t) => {
  const emulator = await start(t, { workbooks })
  emulator.fail({ do: { kind: 'reset' } })
  t.equal(await broken(ok(emulator)), 'ECONNRESET')
  t.equal(emulator.calls[0]?.status, 0)
  t.equal(await ok(emulator), 200)
})

t.test('a hang ends only when the client gives up', async (t) => {
  const emulator = await start(t, { workbooks })
  emulator.fail({ do: { kind: 'hang' } })
  const controller = new AbortController()
  emulator.onCall(() => {
    setImmediate(() => controller.abort())
  })
  const url = new URL('v4/spreadsheets/book', emulator.rootUrl)
  t.equal(await broken(fetch(url, { signal: controller.signal })), 'This operation was aborted')
  t.equal(emulator.calls[0]?.status, 0)
})

t.test('a cut body breaks after the bytes asked for, and is never whole', async (t) => {
  const emulator = await start(t, { workbooks })
  const part = async (id: string, afterBytes?: number) => {
    emulator.fail({ do: { kind: 'cut', ...(afterBytes !== undefined && { afterBytes }) } })
    const response = await fetch(new URL(`v4/spreadsheets/${id}/values/A1:J5000`, emulator.rootUrl))
    let bytes = 0
    const end = await broken(
      (async () => {
        for await (const chunk of response.body ?? []) bytes += chunk.length
      })(),
    )
    t.equal(response.status, 200)
    t.ok(end, 'the body does not end well')
    return bytes
  }
  t.equal(await part('big'), 100)
  t.equal(await part('big', 200_000), 200_000)
  const whole = (await values(emulator, 'book', 'A1:J5000')).text.length
  t.equal(await part('book', 1_000_000), whole - 2)
})

t.test('an HTML page comes with the status asked for', async (t) => {
  const emulator = await start(t, { workbooks })
  for (const status of [undefined, 200]) {
    emulator.fail({ do: { kind: 'html', ...(status !== undefined && { status }) } })
    const answer = await values(emulator, 'book', 'One')
    t.equal(answer.status, status ?? 502)
    t.match(answer.headers.get('content-type'), /^text\/html/)
    t.match(answer.text, /^<!DOCTYPE html>/)
  }
})

t.test('an edit during a read leaves that answer as it was and moves the version', async (t) => {
  const emulator = await start(t, { workbooks })
  const version = async () => (await get(emulator, 'drive/v3/files/book', { fields: 'version' })).body
  const before = await version()
  emulator.fail({ on: { kind: 'values.get' }, do: { kind: 'edit', gid: 0, row: 0, column: 0, value: 'new' } })
  t.match((await values(emulator, 'book', 'One')).body, { values: [['a'], ['b'], ['c']] })
  t.match((await values(emulator, 'book', 'One')).body, { values: [['new'], ['b'], ['c']] })
  t.notSame(await version(), before)
})

t.test('a short answer covers fewer rows and says so in its range', async (t) => {
  const emulator = await start(t, { workbooks })
  emulator.fail({ do: { kind: 'short', rows: 2 } })
  t.match((await values(emulator, 'book', 'One')).body, { range: 'One!A1:A2', values: [['a'], ['b']] })
  emulator.fail({ do: { kind: 'short', rows: 1 } })
  const { body } = await get(emulator, 'v4/spreadsheets/book/values:batchGet', { ranges: ['One!A1:A3', 'One!A2:A3'] })
  t.match(body, {
    valueRanges: [
      { range: 'One!A1', values: [['a']] },
      { range: 'One!A2', values: [['b']] },
    ],
  })
})

t.test('a slow answer is late and whole', async (t) => {
  const emulator = await start(t, { workbooks })
  emulator.fail({ do: { kind: 'slow', ms: 40 } })
  const before = performance.now()
  t.equal(await ok(emulator), 200)
  t.ok(performance.now() - before >= 39)
})

t.test('token calls go wrong only when a fault names them', async (t) => {
  const emulator = await start(t, { workbooks })
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'r' })
  const token = async () => (await fetch(emulator.tokenUrl, { method: 'POST', body })).status
  emulator.fail({ do: { status: 500 } })
  t.equal(await token(), 200)
  t.equal(await ok(emulator), 500)
  emulator.fail({ on: { kind: 'token' }, do: { status: 503, body: 'no' } })
  t.equal(await token(), 503)
})

t.test('a fault that cannot be made is said aloud, not passed over', async (t) => {
  const emulator = await start(t, { workbooks })
  const warned = once(process, 'warning')
  emulator.fail({ do: { kind: 'edit', gid: 99, row: 0, column: 0, value: 1 } })
  t.ok(await broken(values(emulator, 'book', 'One')))
  t.match(await warned, [{ message: 'no grid tab 99 in book' }])
})
