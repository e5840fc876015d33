import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { allClosed, aServer, ask, CODED, type Coding, lines, open } from './encoded-answers.ts'

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
