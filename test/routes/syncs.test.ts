import { readdir, readFile } from 'node:fs/promises'
import t from 'tap'
import { date, tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { anEmulator, aService, finished, getSync, pollUntil, startSync } from '../support/service.ts'

const ID = '1OrdersOfTheTests-0123456789_abcdefghijklmnop'
const orders: Workbook = {
  id: ID,
  title: 'Orders of the tests',
  tabs: [
    tabFromRows(0, 'Orders', [
      ['Day', 'Item', 'Price'],
      [date('2024-01-31'), 'Nut, "large"', 1.5],
      [date('2024-02-01'), '=Bolt', null],
    ]),
    tabFromRows(7, 'Q1/2: "done"?', [['A'], [1]]),
  ],
}

t.test('a posted spreadsheet is synced, watched, listed and read back', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [orders] })
  const { url, directory } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })

  const answer = await fetch(`${url}/syncs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ spreadsheet: ID, formats: ['json', 'ndjson', 'csv'], labels: { team: 'sales' } }),
  })
  const posted = (await answer.json()) as SyncView
  t.equal(answer.status, 202)
  t.equal(answer.headers.get('location'), `/syncs/${posted.id}`)
  t.equal(answer.headers.get('operation-location'), `/syncs/${posted.id}`)
  t.equal(answer.headers.get('retry-after'), '1')
  t.match(posted, {
    state: 'queued',
    revision: 1,
    pollAfterMs: 500,
    labels: { team: 'sales' },
    spreadsheet: { id: ID },
  })

  const stored = JSON.parse(await readFile(`${directory}/sync-status/${posted.id}.json`, 'utf8')) as SyncView
  t.equal(stored.id, posted.id, 'the record was there before the 202')

  const sync = await pollUntil(url, posted.id, finished)
  t.match(sync, {
    state: 'succeeded',
    outcome: 'downloaded',
    consistent: true,
    error: null,
    pollAfterMs: null,
    spreadsheet: { title: 'Orders of the tests', timeZone: 'Etc/GMT', locale: 'en_US' },
    progress: { phase: 'done', percent: 100, tabsDone: 2, tabsTotal: 2, rowsDone: 5, apiCalls: emulator.count() },
  })
  t.same(
    sync.tabs.map(({ gid, title, rows, columns, state }) => ({ gid, title, rows, columns, state })),
    [
      { gid: 0, title: 'Orders', rows: 2, columns: 3, state: 'done' },
      { gid: 7, title: 'Q1/2: "done"?', rows: 1, columns: 1, state: 'done' },
    ],
  )

  const { files } = (await (await fetch(`${url}/syncs/${sync.id}/files`)).json()) as {
    files: { name: string; href: string; bytes: number }[]
  }
  t.equal(files.length, 6)
  for (const file of files) {
    const bytes = await (await fetch(`${url}${file.href}`)).arrayBuffer()
    t.equal(bytes.byteLength, file.bytes, file.name)
  }

  const rows = [
    { Day: '2024-01-31', Item: 'Nut, "large"', Price: 1.5 },
    { Day: '2024-02-01', Item: '=Bolt', Price: null },
  ]
  const tab = `${url}/spreadsheets/${ID}/tabs`
  t.same(await (await fetch(`${tab}/Orders`)).json(), rows)
  t.same(await (await fetch(`${tab}/gid:0`, { headers: { accept: 'application/json' } })).json(), rows)
  const lines = (await (await fetch(`${tab}/Orders`, { headers: { accept: 'application/x-ndjson' } })).text())
    .trimEnd()
    .split('\n')
  t.same(
    lines.map((line) => JSON.parse(line)),
    rows,
  )
  const csv = await fetch(`${tab}/Orders?format=csv`)
  t.match(csv.headers.get('content-type'), /^text\/csv/)
  t.equal(await csv.text(), 'Day,Item,Price\r\n2024-01-31,"Nut, ""large""",1.5\r\n2024-02-01,\'=Bolt,\r\n')
  t.same(
    await (await fetch(`${tab}/${encodeURIComponent('Q1/2: "done"?')}`)).json(),
    [{ A: 1 }],
    'any title can be asked for',
  )

  t.match(await (await fetch(`${url}/spreadsheets/${ID}`)).json(), {
    syncId: sync.id,
    spreadsheet: { id: ID },
    consistent: true,
  })
  t.match(await (await fetch(`${url}/syncs?state=succeeded&spreadsheet=${ID}`)).json(), {
    syncs: [{ id: sync.id }],
    nextPageToken: null,
  })
})

t.test('a poll costs nothing while nothing has changed: 304 on the ETag', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [orders] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const { id } = await startSync(url, { spreadsheet: ID })
  const sync = await pollUntil(url, id, finished)
  const etag = `"${sync.revision}"`
  for (const condition of [etag, `W/${etag}`, `"0", ${etag}`, '*']) {
    const answer = await fetch(`${url}/syncs/${id}`, { headers: { 'if-none-match': condition } })
    t.equal(answer.status, 304, condition)
    t.equal(answer.headers.get('etag'), etag)
    t.equal(await answer.text(), '')
  }
  t.equal((await fetch(`${url}/syncs/${id}`, { headers: { 'if-none-match': '"999"' } })).status, 200)
})

t.test('the same request while one is active joins it; another request, or ifActive start, does not', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [orders] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const release = Promise.withResolvers<void>()
  emulator.onCall(() => release.promise)
  const first = await startSync(url, { spreadsheet: ID })
  const together = await Promise.all(
    Array.from({ length: 20 }, () => startSync(url, { spreadsheet: ID, formats: ['json'] })),
  )
  t.same([...new Set(together.map((sync) => sync.id))], [first.id])
  const other = await startSync(url, { spreadsheet: ID, formats: ['csv'] })
  const forced = await startSync(url, { spreadsheet: ID, ifActive: 'start' })
  t.equal(new Set([first.id, other.id, forced.id]).size, 3)
  release.resolve()
  for (const { id } of [first, other, forced]) t.equal((await pollUntil(url, id, finished)).state, 'succeeded')
  t.not((await startSync(url, { spreadsheet: ID })).id, first.id, 'a finished sync is not joined')
})

t.test(
  'a running sync is cancelled within 2 s, leaves nothing behind, and can be retried under a new id',
  async (t) => {
    const emulator = await anEmulator(t, { workbooks: [orders] })
    const { url, directory } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
    emulator.fail({ do: { kind: 'hang' } })
    const { id } = await startSync(url, { spreadsheet: ID, labels: { a: 'b' } })
    await pollUntil(url, id, (sync) => sync.state === 'running')

    t.equal((await fetch(`${url}/syncs/${id}`, { method: 'DELETE' })).status, 409, 'an active sync cannot be deleted')
    t.equal((await fetch(`${url}/syncs/${id}/retry`, { method: 'POST' })).status, 409, 'nor retried')
    t.match(await (await fetch(`${url}/syncs/${id}/files`)).json(), { status: 409, code: 'FILES_NOT_READY' })

    const began = performance.now()
    const cancel = await fetch(`${url}/syncs/${id}/cancel`, { method: 'POST' })
    t.equal(cancel.status, 202)
    t.match(await cancel.json(), { state: 'cancelling' })
    const cancelled = await pollUntil(url, id, finished)
    t.ok(performance.now() - began < 2000, 'within 2 s')
    t.match(cancelled, { state: 'cancelled', error: null, outcome: null })
    t.equal((await fetch(`${url}/syncs/${id}/cancel`, { method: 'POST' })).status, 200, 'cancelling again is fine')
    t.same(await readdir(`${directory}/snapshots/.staging`), [], 'nothing stays staged')

    emulator.clearFaults()
    const retried = await fetch(`${url}/syncs/${id}/retry`, { method: 'POST' })
    const next = (await retried.json()) as SyncView
    t.equal(retried.status, 202)
    t.match(next, { retryOf: id, labels: { a: 'b' } })
    t.not(next.id, id)
    t.equal((await pollUntil(url, next.id, finished)).state, 'succeeded')
    t.equal(
      (await fetch(`${url}/syncs/${next.id}/cancel`, { method: 'POST' })).status,
      409,
      'a finished sync cannot be cancelled',
    )
    t.equal(
      (await fetch(`${url}/syncs/${next.id}/retry`, { method: 'POST' })).status,
      409,
      'nor a succeeded one retried',
    )
  },
)

t.test('a finished sync is forgotten on DELETE, in the revision that If-Match names; its rows stay', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [orders] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const { id } = await startSync(url, { spreadsheet: ID })
  const { revision } = await pollUntil(url, id, finished)
  const remove = (match?: string) =>
    fetch(`${url}/syncs/${id}`, { method: 'DELETE', headers: match === undefined ? {} : { 'if-match': match } })
  t.equal((await remove('"1"')).status, 412)
  t.equal((await remove(`W/"${revision}"`)).status, 412, 'a weak tag never matches')
  t.equal((await getSync(url, id)).revision, revision)
  t.equal((await remove(`"${revision}"`)).status, 204)
  t.equal((await fetch(`${url}/syncs/${id}`)).status, 404)
  t.equal((await remove()).status, 404)
  t.equal((await fetch(`${url}/spreadsheets/${ID}/tabs/Orders`)).status, 200)
})

t.test('pages of syncs come newest first and meet without a gap', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [orders] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const ids: string[] = []
  for (let index = 0; index < 5; index++) ids.push((await startSync(url, { spreadsheet: ID, ifActive: 'start' })).id)
  const seen: string[] = []
  let token: string | null = null
  do {
    const query = new URLSearchParams({ pageSize: '2', ...(token === null ? {} : { pageToken: token }) })
    const page = (await (await fetch(`${url}/syncs?${query}`)).json()) as {
      syncs: SyncView[]
      nextPageToken: string | null
    }
    t.ok(page.syncs.length <= 2)
    seen.push(...page.syncs.map((sync) => sync.id))
    token = page.nextPageToken
  } while (token !== null)
  t.same(seen, ids.reverse())
})

t.test('a tab that is not there, and a format that is not there, are answered with what there is', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [orders] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  t.match(await (await fetch(`${url}/spreadsheets/${ID}`)).json(), {
    status: 404,
    code: 'SNAPSHOT_NOT_FOUND',
    hint: String,
  })
  const { id } = await startSync(url, { spreadsheet: ID, formats: ['csv'] })
  await pollUntil(url, id, finished)
  const calls = emulator.count()
  const missing = await (await fetch(`${url}/spreadsheets/${ID}/tabs/Nope`)).json()
  t.match(missing, { status: 404, code: 'TAB_NOT_FOUND', hint: /Orders/ })
  const json = await fetch(`${url}/spreadsheets/${ID}/tabs/Orders?format=json`)
  t.match(await json.json(), { status: 406, code: 'NOT_ACCEPTABLE', hint: /csv/ })
  const png = await fetch(`${url}/spreadsheets/${ID}/tabs/Orders`, { headers: { accept: 'image/png' } })
  t.equal(png.status, 406)
  t.equal((await fetch(`${url}/spreadsheets/${ID}/tabs/Orders`)).status, 200, 'without a wish the format that there is')
  t.equal(emulator.count(), calls, 'reading rows never asks Google')
})
