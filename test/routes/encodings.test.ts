import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import accepts from '@fastify/accepts'
import fastify from 'fastify'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { Compression } from '../../src/routes/compression.ts'
import { FileLimit } from '../../src/routes/file-limit.ts'
import { type FileResponse, sendFile } from '../../src/routes/file-response.ts'
import { addErrorResponses } from '../../src/routes/problem-details.ts'
import { RequestLogger } from '../../src/routes/request-logger.ts'
import { sha256 } from '../snapshots/manifests.ts'
import { aDirectory } from '../support/service.ts'

const DECODERS = {
  zstd: zstdDecompressSync,
  gzip: gunzipSync,
  br: brotliDecompressSync,
  identity: (bytes: Buffer) => bytes,
} as const
type Coding = keyof typeof DECODERS
const CODED = ['zstd', 'gzip', 'br'] as const

function lines(count: number): string {
  return Array.from({ length: count }, (_, n) => `{"Order":"ORD-${n}","Price":${(n * 7919) % 100_003}}\n`).join('')
}

/** A server that sends a real file of these lines; `opened` counts how often it was opened. */
async function aServer(t: Test, text: string, changes: Partial<FileResponse> = {}) {
  const path = `${await aDirectory(t)}/rows.ndjson`
  await writeFile(path, text)
  const streams: Readable[] = []
  const file: FileResponse = {
    format: 'ndjson',
    name: 'rows.ndjson',
    bytes: Buffer.byteLength(text),
    tag: sha256(text),
    publishedAt: '2026-01-01T10:00:00.789Z',
    disposition: 'inline',
    hasRanges: true,
    open: async (range) => createReadStream(path, range),
    ...changes,
  }
  const { open } = file
  const counted: FileResponse = {
    ...file,
    open: async (range) => {
      const stream = await open(range)
      if (stream !== undefined) streams.push(stream)
      return stream
    },
  }
  const app = fastify({ forceCloseConnections: true })
  await app.register(accepts)
  addErrorResponses(app, new RequestLogger(pino({ level: 'silent' })))
  const compression = new Compression()
  const fileLimit = new FileLimit()
  app.get('/file', (request, reply) =>
    sendFile(request, reply, counted, { owner: String(request.headers['x-owner'] ?? 'one'), fileLimit, compression }),
  )
  t.teardown(() => app.close())
  return { url: `${await app.listen({ port: 0 })}/file`, streams, etag: (coding: Coding) => tagOf(file, coding) }
}

function tagOf({ tag }: FileResponse, coding: Coding): string {
  return coding === 'identity' ? `"${tag}"` : `"${tag}-${coding}"`
}

/** An answer whose body is not decoded, as `fetch` would do, nor read yet. */
async function open(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const outgoing = request(url, { method, headers, agent: false }).end()
  outgoing.on('error', () => {})
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { outgoing, answer, status: answer.statusCode ?? 0, headers: answer.headers }
}

async function ask(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const { answer, ...rest } = await open(url, headers, method)
  const raw = await buffer(answer)
  const coding = (answer.headers['content-encoding'] ?? 'identity') as Coding
  return {
    ...rest,
    coding,
    raw,
    text: rest.status === 200 && method === 'GET' ? DECODERS[coding](raw).toString() : raw.toString(),
  }
}

/** Not `once`: a stream that is cut off tells of that before it closes. */
async function allClosed(streams: readonly Readable[]): Promise<void> {
  const closing = streams.filter((stream) => !stream.closed)
  await Promise.all(closing.map((stream) => new Promise((resolve) => stream.once('close', resolve))))
}

t.test('an answer has the coding that the client likes best, and zstd among equals', async (t) => {
  const text = lines(2000)
  const { url, etag } = await aServer(t, text)
  const wanted: [string | undefined, Coding][] = [
    [undefined, 'identity'],
    ['', 'identity'],
    ['identity', 'identity'],
    ['deflate', 'identity'],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['br', 'br'],
    ['zstd', 'zstd'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip, deflate, br', 'gzip'],
    ['*', 'zstd'],
    ['zstd;q=0, *', 'gzip'],
    ['gzip;q=0.5, br;q=0.8, zstd;q=0.1', 'br'],
    ['gzip;q=0.5', 'gzip'],
    ['gzip;q=0.5, identity', 'identity'],
    ['gzip;q=0', 'identity'],
    ['identity;q=0, br', 'br'],
    ['*;q=0, gzip', 'gzip'],
    ['nonsense;;;=, gzip', 'gzip'],
  ]
  for (const [header, coding] of wanted) {
    const answer = await ask(url, header === undefined ? {} : { 'accept-encoding': header })
    t.equal(answer.status, 200, header ?? 'none')
    t.equal(answer.coding, coding, header ?? 'none')
    t.equal(answer.text, text)
    t.equal(answer.headers.etag, etag(coding))
    t.equal(answer.headers.vary, 'Accept-Encoding')
    t.equal(answer.headers['content-length'], coding === 'identity' ? String(text.length) : undefined)
    if (coding !== 'identity') t.ok(answer.raw.length < text.length / 3, `${answer.raw.length} of ${text.length} bytes`)
  }
  for (const header of ['identity;q=0', '*;q=0', 'deflate, identity;q=0']) {
    const answer = await ask(url, { 'accept-encoding': header })
    t.equal(answer.status, 406, header)
    t.match(JSON.parse(answer.text), { code: 'NOT_ACCEPTABLE', hint: 'Accept one of zstd, gzip, br, identity.' })
  }
})

t.test('what fits a packet is sent as it is, unless the client refuses that', async (t) => {
  const text = lines(10)
  const { url } = await aServer(t, text)
  const accepting = { 'accept-encoding': 'gzip, br, zstd' }
  t.match(await ask(url, accepting), { coding: 'identity', text, headers: { vary: 'Accept-Encoding' } })
  t.match(await ask(url, { 'accept-encoding': 'identity;q=0, gzip' }), { coding: 'gzip', text })
})

t.test('HEAD tells the coding of GET and no length of it, and opens nothing', async (t) => {
  const { url, streams, etag } = await aServer(t, lines(2000))
  const head = await ask(url, { 'accept-encoding': 'gzip' }, 'HEAD')
  t.match(head, {
    status: 200,
    text: '',
    headers: { etag: etag('gzip'), 'content-encoding': 'gzip', vary: 'Accept-Encoding' },
  })
  t.notMatch(head.headers, { 'content-length': /./ })
  t.equal(streams.length, 0)
})

t.test('a client that has any coding that it accepts is told so, by the tag of that coding', async (t) => {
  const { url, streams, etag } = await aServer(t, lines(2000))
  const all = 'gzip, br, zstd'
  for (const method of ['GET', 'HEAD']) {
    for (const coding of [...CODED, 'identity'] as const) {
      const answer = await ask(url, { 'accept-encoding': all, 'if-none-match': `"x", ${etag(coding)}` }, method)
      t.match(answer, { status: 304, text: '', headers: { etag: etag(coding), vary: 'Accept-Encoding' } })
      t.notMatch(answer.headers, { 'content-encoding': /./ })
    }
  }
  t.equal(streams.length, 0)
  t.equal((await ask(url, { 'accept-encoding': 'br', 'if-none-match': etag('gzip') })).status, 200)
  t.equal((await ask(url, { 'if-none-match': etag('gzip') })).status, 200)
  t.match(await ask(url, { 'accept-encoding': all, 'if-match': etag('gzip') }), { status: 200, coding: 'gzip' })
  t.equal((await ask(url, { 'if-match': etag('gzip') })).status, 412)
})

t.test('a range is one of the bytes without coding, and never of what a coding made', async (t) => {
  const text = lines(2000)
  const { url, etag } = await aServer(t, text)
  const range = { 'accept-encoding': 'gzip, br, zstd', range: 'bytes=10-29' }
  const part = await ask(url, range)
  t.match(part, { status: 206, coding: 'identity', headers: { etag: etag('identity'), vary: 'Accept-Encoding' } })
  t.equal(part.text, text.slice(10, 30))
  t.equal(part.headers['content-length'], '20')
  t.match(await ask(url, { ...range, 'if-range': etag('identity') }), { status: 206, coding: 'identity' })
  for (const coding of CODED) {
    t.match(await ask(url, { ...range, 'if-range': etag(coding) }), { status: 200, coding: 'zstd', text })
  }
  t.match(await ask(url, { ...range, 'if-match': etag('gzip') }), { status: 200, coding: 'gzip', text })
  t.match(await ask(url, { ...range, 'accept-encoding': 'gzip, identity;q=0' }), { status: 200, coding: 'gzip', text })
  t.equal((await ask(url, { ...range, range: 'bytes=999999999-' })).status, 416)
})

t.test(
  'a file that fails halfway cuts a coded answer off, and one that fails at once is a readable error',
  async (t) => {
    async function* failing(pieces: number) {
      for (let n = 0; n < pieces; n += 1) yield Buffer.from(lines(2000))
      throw new Error('EIO')
    }
    for (const coding of CODED) {
      const later = await aServer(t, '', {
        bytes: 1e9,
        open: async () => Readable.from(failing(30), { objectMode: false }),
      })
      const { answer } = await open(later.url, { 'accept-encoding': coding })
      await t.rejects(buffer(answer), { code: 'ECONNRESET' }, coding)
      const atOnce = await aServer(t, '', {
        bytes: 1e9,
        open: async () => Readable.from(failing(0), { objectMode: false }),
      })
      const failed = await ask(atOnce.url, { 'accept-encoding': coding })
      t.equal(failed.status, 500)
      t.match(JSON.parse(failed.text), { code: 'INTERNAL' })
      t.notMatch(failed.headers, { 'content-encoding': /./ })
      t.notMatch(failed.headers, { etag: /./ })
    }
  },
)

t.test('clients that go away in the middle leave no file, no compressor and no turn behind', async (t) => {
  const { url, streams } = await aServer(t, lines(200_000))
  const descriptors = async () => (await readdir('/proc/self/fd')).length
  await ask(url, { 'accept-encoding': 'gzip' })
  const before = process.platform === 'linux' ? await descriptors() : 0
  for (let round = 0; round < 5; round += 1) {
    const readers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => open(url, { 'accept-encoding': CODED[n % 3] ?? 'br' })),
    )
    const closed = allClosed(streams)
    for (const { outgoing } of readers) outgoing.destroy()
    await closed
    streams.length = 0
  }
  if (process.platform === 'linux') t.ok((await descriptors()) <= before + 5, 'descriptors')
  for (const coding of CODED) t.equal((await ask(url, { 'accept-encoding': coding })).coding, coding)
})

t.test(
  'readers hold up nobody by what they wait for, and where no place is left an answer has no coding',
  async (t) => {
    const text = lines(2000)
    let stalled = 40
    const stall = () => {
      const stream = new Readable({ read() {} })
      stream.push(randomBytes(600_000))
      return stream
    }
    const { url, streams } = await aServer(t, text, {
      open: async () => (stalled-- > 0 ? stall() : Readable.from([Buffer.from(text)])),
    })
    const waiting = await Promise.all(Array.from({ length: stalled }, () => open(url, { 'accept-encoding': 'gzip' })))
    const codings = waiting.map(({ headers }) => headers['content-encoding'] ?? 'identity')
    t.equal(codings.filter((coding) => coding === 'gzip').length, 32, 'one owner has half of the places')
    t.match(await ask(url, { 'accept-encoding': 'gzip' }), { coding: 'identity', text })
    const refused = await ask(url, { 'accept-encoding': 'gzip, identity;q=0' })
    t.equal(refused.status, 429)
    t.match(JSON.parse(refused.text), { code: 'TOO_MANY_DOWNLOADS' })
    t.equal(refused.headers['retry-after'], '1')
    t.match(await ask(url, { 'accept-encoding': 'gzip', 'x-owner': 'two' }), { coding: 'gzip', text })
    for (const { outgoing } of waiting) outgoing.destroy()
    await allClosed(streams)
    t.match(await ask(url, { 'accept-encoding': 'gzip' }), { coding: 'gzip', text })
  },
)
