import { execFile } from 'node:child_process'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { createClient } from '../../client/src/index.ts'
import { syntheticTab, tabFromRows } from '../../emulator/workbook.ts'
import type { SnapshotFormat } from '../../src/model/sync-request.ts'
import type { FileResponse } from '../../src/routes/file-response.ts'
import { asOtherForm } from '../../src/routes/json-lines.ts'
import { send } from '../support/raw-requests.ts'
import { anEmulator, aService, finished, pollUntil, startSync } from '../support/service.ts'

const ID = '1OtherForm-0123456789_abcdefghijklmnopqrst'

/** A service that has downloaded a book, once for each of these lists of formats. */
async function aServiceWith(t: Test, ...downloads: SnapshotFormat[][]) {
  const tabs = [
    tabFromRows(0, 'Empty', [['A', 'B']]),
    tabFromRows(1, 'One', [
      ['A,\n', 'B'],
      ['x,\n', '},\n{'],
    ]),
    syntheticTab({ gid: 2, title: 'Data', rows: 3000, columns: 6, kind: 'mixed' }),
  ]
  const emulator = await anEmulator(t, { workbooks: [{ id: ID, title: 'Book', tabs }] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, CORS_ORIGINS: 'https://pages.example' })
  const ids: string[] = []
  for (const formats of downloads) {
    const { id } = await startSync(url, { spreadsheet: ID, formats })
    t.match(await pollUntil(url, id, finished), { state: 'succeeded' })
    ids.push(id)
  }
  return { url, ids, tab: (gid: number, query = '') => `${url}/spreadsheets/${ID}/tabs/gid:${gid}${query}` }
}

t.test('JSON and NDJSON are made of each other as the same download would have written them', async (t) => {
  const both = await aServiceWith(t, ['json', 'ndjson'])
  for (const [has, wants] of [
    ['json', 'ndjson'],
    ['ndjson', 'json'],
  ] as const) {
    const one = await aServiceWith(t, [has])
    for (const gid of [0, 1, 2]) {
      const want = await fetch(both.tab(gid, `?format=${wants}`))
      const made = await fetch(one.tab(gid, `?format=${wants}`), { headers: { 'accept-encoding': 'identity' } })
      const stored = await fetch(one.tab(gid), { method: 'HEAD', headers: { 'accept-encoding': 'identity' } })
      t.equal(made.status, 200)
      t.equal(stored.headers.get('content-type'), has === 'json' ? 'application/json' : 'application/x-ndjson')
      const wanted = await want.text()
      t.equal(await made.text(), wanted, `${wants} of ${has}, tab ${gid}`)
      t.equal(made.headers.get('content-length'), String(Buffer.byteLength(wanted)))
      t.equal(made.headers.get('content-type'), want.headers.get('content-type'))
      t.equal(made.headers.get('content-disposition'), want.headers.get('content-disposition'))
      t.equal(made.headers.get('accept-ranges'), 'none')
      const etag = made.headers.get('etag') ?? ''
      t.equal(etag, `${stored.headers.get('etag')?.slice(0, -1)}-${wants}"`)
      const head = await fetch(one.tab(gid, `?format=${wants}`), { method: 'HEAD' })
      t.equal(head.status, 200)
      const range = { range: 'bytes=0-1', 'accept-encoding': 'identity' }
      t.equal((await fetch(one.tab(gid, `?format=${wants}`), { headers: range })).status, 200, 'no ranges')
      const again = await fetch(one.tab(gid, `?format=${wants}`), { headers: { 'if-none-match': etag } })
      t.equal(again.status, 304)
    }
    const accept = wants === 'json' ? 'application/json' : 'application/x-ndjson'
    const negotiated = await fetch(one.tab(2), { headers: { accept } })
    t.equal(negotiated.headers.get('content-type'), accept)
    t.equal(negotiated.headers.get('vary'), 'Origin, Accept, Accept-Encoding')
    await negotiated.arrayBuffer()
    const csv = await fetch(one.tab(2, '?format=csv'))
    t.equal(csv.status, 406)
    t.match(await csv.json(), { hint: `There is ${has}, ${wants}; POST /syncs with other formats to have more.` })
    const files = (await (await fetch(`${one.url}/syncs/${one.ids[0]}/files`)).json()) as {
      files: { format: string }[]
    }
    t.strictSame(
      [...new Set(files.files.map(({ format }) => format))],
      [has],
      'the files of the sync stay what they are',
    )
  }
})

t.test('rows of now are made of the newest snapshot rather than read from an older one', async (t) => {
  const { url, ids, tab } = await aServiceWith(t, ['ndjson'], ['json'])
  const newest = (await (await fetch(`${url}/syncs/${ids[1]}`)).json()) as { tabs: { files: { sha256: string }[] }[] }
  const made = await fetch(tab(2, '?format=ndjson'), { headers: { 'accept-encoding': 'identity' } })
  t.equal(made.headers.get('etag'), `"${newest.tabs[2]?.files[0]?.sha256}-ndjson"`)
  await made.arrayBuffer()
})

t.test('what is made can be compressed, and what a client reads is the same rows', async (t) => {
  const { url, ids, tab } = await aServiceWith(t, ['json'])
  const made = await send(url, `${new URL(tab(2)).pathname}?format=ndjson`, { 'accept-encoding': 'gzip' }, 'HEAD')
  t.match(made.headers, { 'content-encoding': 'gzip', etag: /-ndjson-gzip"$/, vary: 'Origin, Accept-Encoding' })
  const client = createClient({ baseUrl: url })
  const rows = await client.readTab(ID, 'gid:2')
  const lines: unknown[] = []
  for await (const row of await client.readTab(ID, 'gid:2', { format: 'ndjson' })) lines.push(row)
  t.strictSame(lines, rows)
  const plain = await (await fetch(tab(2), { headers: { 'accept-encoding': 'identity' } })).text()
  for (const path of [`/spreadsheets/${ID}`, '/syncs', '/metrics']) {
    for (const coding of ['zstd', 'gzip', 'br']) {
      const head = await send(url, path, { 'accept-encoding': coding }, 'HEAD')
      t.match(head, { status: 200, headers: { 'content-encoding': coding, vary: /Accept-Encoding/ } }, path)
    }
    t.match(await fetch(url + path).then((answer) => answer.text()), /./)
  }
  t.notMatch((await send(url, `/syncs/${ids[0]}`, { 'accept-encoding': 'gzip' })).headers, { 'content-encoding': /./ })
  const files = await send(url, `/syncs/${ids[0]}/files`, { 'accept-encoding': 'identity;q=0, gzip' }, 'HEAD')
  t.match(files, { status: 200, headers: { 'content-encoding': 'gzip' } })
  t.notMatch((await send(url, '/syncs?state=failed', { 'accept-encoding': 'gzip' })).headers, {
    'content-encoding': /./,
  })
  const { stdout, error } = await promisify(execFile)('curl', ['-s', '--compressed', tab(2)], { maxBuffer: 1e9 })
    .catch((reason: NodeJS.ErrnoException) => ({ stdout: '', error: reason }))
    .then((done) => ({ error: undefined, ...done }))
  if (error?.code === 'ENOENT') t.comment('there is no curl here')
  else t.equal(stdout, plain, 'curl --compressed')
})

/** A file of so many rows whose bytes come in pieces of any size. */
function fileOf(content: Buffer, format: 'json' | 'ndjson', sizes: readonly number[]): FileResponse {
  return {
    format,
    name: `rows.${format}`,
    bytes: content.length,
    tag: 'x',
    publishedAt: '2026-01-01T10:00:00.789Z',
    disposition: 'inline',
    hasRanges: true,
    open: async (range) => Readable.from(pieces(content.subarray(range?.start, (range?.end ?? -1) + 1), sizes)),
  }
}

function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, n = 0; at < bytes.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

t.test('wherever the pieces of a file end, what is made of it is exact', async (t) => {
  const cell = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(',', '\n', ',\n', '\n]\n', '[', null),
    fc.integer(),
  )
  const row = fc.oneof(fc.array(cell, { minLength: 1 }), fc.dictionary(fc.string(), cell))
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(fc.array(row), sizes, async (rows, sizes) => {
      const texts = rows.map((one) => JSON.stringify(one))
      const json = Buffer.from(texts.length === 0 ? '[]\n' : `[\n${texts.join(',\n')}\n]\n`)
      const ndjson = Buffer.from(texts.map((one) => `${one}\n`).join(''))
      for (const [has, from, wants, to] of [
        ['json', json, 'ndjson', ndjson],
        ['ndjson', ndjson, 'json', json],
      ] as const) {
        const made = asOtherForm(fileOf(from, has, sizes), wants, texts.length)
        const stream = await made.open()
        if (stream === undefined) throw new Error('not opened')
        if (made.bytes !== to.length || !(await buffer(stream)).equals(to)) throw new Error(`${wants} of ${has}`)
        const wrong = await asOtherForm(fileOf(from, has, sizes), wants, texts.length + 1).open()
        await t.rejects(text(wrong ?? Readable.from([])), { code: 'SNAPSHOT_CORRUPT' })
      }
    }),
    { numRuns: 100 },
  )
})
