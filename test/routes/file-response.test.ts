import { once } from 'node:events'
import { get, request } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import accepts from '@fastify/accepts'
import fastify from 'fastify'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { Compression } from '../../src/routes/compression.ts'
import { FileLimit } from '../../src/routes/file-limit.ts'
import { type ByteRange, type FileResponse, sendFile } from '../../src/routes/file-response.ts'
import { addErrorResponses } from '../../src/routes/problem-details.ts'
import { RequestLogger } from '../../src/routes/request-logger.ts'
import { sha256 } from '../snapshots/manifests.ts'

const TEXT = 'one,two\n3,4\n'
const ETAG = `"${sha256(TEXT)}"`
const MODIFIED = 'Thu, 01 Jan 2026 10:00:00 GMT'

/** A server that answers with one file; `opened` tells the ranges that were asked of the store. */
async function aServer(t: Test, changes: Partial<FileResponse> = {}): Promise<{ url: string; opened: unknown[] }> {
  const opened: (ByteRange | undefined)[] = []
  const file: FileResponse = {
    format: 'csv',
    name: 'orders.csv',
    bytes: TEXT.length,
    tag: sha256(TEXT),
    hasRanges: true,
    publishedAt: '2026-01-01T10:00:00.789Z',
    disposition: 'attachment',
    open: async (range) => {
      opened.push(range)
      return Readable.from([Buffer.from(range === undefined ? '' : TEXT.slice(range.start, range.end + 1))])
    },
    ...changes,
  }
  const app = fastify({ forceCloseConnections: true })
  await app.register(accepts)
  const compression = new Compression()
  addErrorResponses(app, new RequestLogger(pino({ level: 'silent' })))
  app.get('/file', (request, reply) =>
    sendFile(request, reply, file, { owner: 'key one', fileLimit: new FileLimit(), compression }),
  )
  t.teardown(() => app.close())
  return { url: `${await app.listen({ port: 0 })}/file`, opened }
}

async function ask(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const answer = await fetch(url, { method, headers })
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() }
}

t.test('the whole file comes with all that a client needs to keep, resume and save it', async (t) => {
  const { url, opened } = await aServer(t)
  const { status, headers, text } = await ask(url)
  t.equal(status, 200)
  t.equal(text, TEXT)
  t.match(headers, {
    etag: ETAG,
    'last-modified': MODIFIED,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'content-type': 'text/csv; charset=utf-8',
    'content-length': '12',
    'content-disposition': 'attachment; filename="orders.csv"',
    'x-content-type-options': 'nosniff',
  })
  t.notMatch(headers, { 'content-range': /./ })
  t.strictSame(opened, [{ start: 0, end: 11 }])
})

t.test('each format has its content type, and inline is as asked', async (t) => {
  const types = { json: 'application/json', ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' }
  for (const [format, type] of Object.entries(types) as ['json' | 'ndjson' | 'csv', string][]) {
    const { url } = await aServer(t, { format, name: `a.${format}`, disposition: 'inline' })
    const { headers } = await ask(url)
    t.equal(headers['content-type'], type)
    t.equal(headers['content-disposition'], `inline; filename="a.${format}"`)
  }
})

t.test('HEAD tells what GET would, and opens nothing', async (t) => {
  const { url, opened } = await aServer(t)
  // fetch closes the connection of every HEAD.
  const { date: _date, connection: _connection, 'keep-alive': _keepAlive, ...got } = (await ask(url)).headers
  opened.length = 0
  const head = await ask(url, { range: 'bytes=0-1' }, 'HEAD')
  t.equal(head.status, 200, 'Range is for GET only')
  t.match(head.headers, got)
  t.equal((await ask(url, { 'if-none-match': ETAG }, 'HEAD')).status, 304)
  t.strictSame(opened, [])
})

t.test('one range is answered with that part of the file', async (t) => {
  const { url, opened } = await aServer(t)
  const ranges: [string, number, number][] = [
    ['bytes=0-0', 0, 0],
    ['bytes=4-6', 4, 6],
    ['bytes=8-', 8, 11],
    ['bytes=8-999', 8, 11],
    ['bytes=-4', 8, 11],
    ['bytes=-999', 0, 11],
    ['bytes=0-99999999999999999999999999', 0, 11],
    ['Bytes= 1-2 ', 1, 2],
  ]
  for (const [range, start, end] of ranges) {
    opened.length = 0
    const { status, headers, text } = await ask(url, { range })
    t.equal(status, 206, range)
    t.equal(text, TEXT.slice(start, end + 1))
    t.equal(headers['content-range'], `bytes ${start}-${end}/12`)
    t.equal(headers['content-length'], String(end - start + 1))
    t.equal(headers.etag, ETAG)
    t.strictSame(opened, [{ start, end }])
  }
})

t.test('a range that the file does not reach is 416 and tells the size', async (t) => {
  const { url, opened } = await aServer(t)
  for (const range of ['bytes=12-', 'bytes=12-20', 'bytes=99999999999999999999-', 'bytes=-0']) {
    const { status, headers, text } = await ask(url, { range })
    t.equal(status, 416, range)
    t.equal(headers['content-range'], 'bytes */12')
    t.match(headers['content-type'], /^application\/problem\+json/)
    t.match(JSON.parse(text), { code: 'RANGE_NOT_SATISFIABLE', status: 416 })
    t.notMatch(headers, { etag: /./ })
    t.notMatch(headers, { 'content-disposition': /./ })
  }
  t.strictSame(opened, [])
})

t.test('what is not one valid range is answered with the whole file', async (t) => {
  const { url } = await aServer(t)
  for (const range of ['bytes=', 'bytes=-', 'bytes=5-4', 'bytes=0-1,3-4', 'rows=0-1', 'bytes=a-b', 'bytes=1', '0-1']) {
    const { status, text } = await ask(url, { range })
    t.equal(status, 200, range)
    t.equal(text, TEXT)
  }
  const empty = await aServer(t, { bytes: 0 })
  for (const range of ['bytes=0-', 'bytes=-1']) t.match(await ask(empty.url, { range }), { status: 200, text: '' })
  t.strictSame(empty.opened, [undefined, undefined])
})

t.test('If-Range gives the part only of the same file', async (t) => {
  const { url } = await aServer(t)
  const statuses: [string, number][] = [
    [ETAG, 206],
    [`W/${ETAG}`, 200],
    ['"another"', 200],
    [MODIFIED, 206],
    ['Thu, 01 Jan 2026 10:00:01 GMT', 200],
    ['nonsense', 200],
  ]
  for (const [condition, status] of statuses) {
    t.equal((await ask(url, { range: 'bytes=0-1', 'if-range': condition })).status, status, condition)
  }
  const fresh = await aServer(t, { publishedAt: new Date().toISOString() })
  const modified = (await ask(fresh.url)).headers['last-modified'] ?? ''
  const early = await ask(fresh.url, { range: 'bytes=0-1', 'if-range': modified })
  t.equal(early.status, 200, 'a date of this very second is no strong validator')
})

t.test('a client that has the file is told so without it', async (t) => {
  const { url, opened } = await aServer(t)
  const statuses: [Record<string, string>, number][] = [
    [{ 'if-none-match': ETAG }, 304],
    [{ 'if-none-match': `W/${ETAG}` }, 304],
    [{ 'if-none-match': `"x", ${ETAG}` }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': ETAG, range: 'bytes=0-1' }, 304],
    [{ 'if-none-match': '"x"' }, 200],
    [{ 'if-none-match': '"x"', 'if-modified-since': MODIFIED }, 200],
    [{ 'if-modified-since': MODIFIED }, 304],
    [{ 'if-modified-since': 'Thu, 01 Jan 2026 09:59:59 GMT' }, 200],
    [{ 'if-modified-since': 'nonsense' }, 200],
    [{ 'if-match': ETAG }, 200],
    [{ 'if-match': '*' }, 200],
    [{ 'if-match': `W/${ETAG}` }, 412],
    [{ 'if-match': '"x"', 'if-none-match': ETAG }, 412],
    [{ 'if-unmodified-since': 'Thu, 01 Jan 2026 09:59:59 GMT' }, 412],
    [{ 'if-unmodified-since': MODIFIED }, 200],
  ]
  for (const [headers, status] of statuses) {
    opened.length = 0
    const answer = await ask(url, headers)
    t.equal(answer.status, status, JSON.stringify(headers))
    if (status === 304) t.match(answer, { text: '', headers: { etag: ETAG, 'last-modified': MODIFIED } })
    t.equal(opened.length, status === 200 ? 1 : 0)
  }
})

t.test('a file that was removed meanwhile is 404', async (t) => {
  const { url } = await aServer(t, { open: async () => undefined })
  const { status, headers, text } = await ask(url)
  t.equal(status, 404)
  t.match(JSON.parse(text), { code: 'FILE_NOT_FOUND' })
  t.notMatch(headers, { etag: /./ })
})

t.test('a client that goes away closes the file, and a slow one does not make it be read ahead', async (t) => {
  const content = { pulled: 0 }
  const chunk = Buffer.alloc(64 * 1024)
  const endless = new Readable({
    read() {
      content.pulled += chunk.length
      this.push(chunk)
    },
  })
  const { url } = await aServer(t, { bytes: 2 ** 40, open: async () => endless })
  const call = get(url)
  const [answer] = await once(call, 'response')
  await once(answer, 'readable')
  // Nothing is read here any more: what the server pulls now is what the socket buffers take.
  let before = -1
  while (content.pulled !== before) {
    before = content.pulled
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.ok(before < 64 * 1024 * 1024, `${before} bytes were read`)
  const closed = once(endless, 'close')
  call.destroy()
  await closed
  t.ok(endless.destroyed)
})

t.test('a file that fails halfway cuts the answer off, so that nobody takes it for whole', async (t) => {
  async function* failing() {
    yield Buffer.from('one')
    throw new Error('EIO')
  }
  const { url } = await aServer(t, { open: async () => Readable.from(failing(), { objectMode: false }) })
  const call = request(url).end()
  const [answer] = await once(call, 'response')
  await t.rejects(buffer(answer), { code: 'ECONNRESET' })
})

t.test('bytes of a range header cannot break the answer', async (t) => {
  const { url } = await aServer(t)
  const socket = connect(Number(new URL(url).port), new URL(url).hostname)
  t.teardown(() => socket.destroy())
  socket.end(`GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=${'9'.repeat(5000)}-\r\nConnection: close\r\n\r\n`)
  t.match((await buffer(socket)).toString(), /^HTTP\/1.1 416 /)
})
