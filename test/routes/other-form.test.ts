import { execFile } from 'node:child_process'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { createClient } from '../../client/src/index.ts'
import type { FileResponse } from '../../src/routes/file-response.ts'
import { asOtherForm } from '../../src/routes/json-lines.ts'
import { send } from '../support/raw-requests.ts'
import { aServiceWith, ID } from './downloaded-formats.ts'

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
