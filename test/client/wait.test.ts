import t from 'tap'
import { createClient, type Sync } from '../../client/src/index.ts'
import { AppError } from '../../src/errors.ts'
import { toProblem } from '../../src/model/problem.ts'
import { aStandIn, aView, ID, sendJson } from './stand-in.ts'

const event = (revision: number, isDone = false) =>
  `id: ${revision}\nevent: sync\ndata: ${JSON.stringify(aView(revision, isDone))}\n\n`
const OPEN = { 'content-type': 'text/event-stream; charset=utf-8' }
const notFound = toProblem(new AppError('SYNC_NOT_FOUND', 'No sync has this id.'))

t.test('progress comes by the event stream, whichever way its bytes are cut', async (t) => {
  const { url, asked } = await aStandIn(t, (path, reply) => {
    if (!path.endsWith('/events')) return sendJson(reply, 200, aView(1))
    reply.writeHead(200, OPEN)
    const bytes = Buffer.from(`retry: 5\n\n: ping\n\n${event(2)}${event(3).replaceAll('\n', '\r\n')}${event(4, true)}`)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) => bytes.subarray(at * 7, at * 7 + 7))
    const next = () => {
      const piece = pieces.shift()
      if (piece === undefined) return reply.end()
      reply.write(piece, next)
    }
    next()
  })
  const seen: number[] = []
  const sync = await createClient({ baseUrl: url, apiKey: 'the-key' }).waitForSync(ID, {
    onProgress: ({ revision }) => seen.push(revision),
  })
  t.equal(sync.state, 'succeeded')
  t.same(seen, [1, 2, 3, 4])
  t.same(
    asked.map(({ path }) => path),
    [`/syncs/${ID}`, `/syncs/${ID}/events`],
    'one look, one stream',
  )
  for (const { headers } of asked) t.equal(headers.authorization, 'Bearer the-key')
  t.equal(asked[1]?.headers['last-event-id'], '1')
})

t.test('a stream that breaks goes on after the last event, and nothing is told twice', async (t) => {
  let streams = 0
  const { url, asked } = await aStandIn(t, (path, reply) => {
    if (!path.endsWith('/events')) return sendJson(reply, 200, aView(streams + 1))
    streams += 1
    reply.writeHead(200, OPEN)
    reply.write('retry: 5\n\n')
    if (streams === 3) return reply.end(event(4, true))
    reply.write(event(streams + 1), () => reply.destroy())
  })
  const seen: number[] = []
  await createClient({ baseUrl: url }).waitForSync(ID, { onProgress: ({ revision }) => seen.push(revision) })
  t.same(seen, [1, 2, 3, 4])
  t.same(
    asked.filter(({ path }) => path.endsWith('/events')).map(({ headers }) => headers['last-event-id']),
    ['1', '2', '3'],
  )
})

for (const [name, refuse] of Object.entries({
  'is refused': (reply) => sendJson(reply, 404, toProblem(new AppError('ROUTE_NOT_FOUND', 'Nothing is here.'))),
  'is held back by what stands between': (reply) => reply.flushHeaders(),
  'comes as a page': (reply) => reply.writeHead(200, { 'content-type': 'text/html' }).end('<p>not found'),
} satisfies Record<string, (reply: import('node:http').ServerResponse) => unknown>)) {
  t.test(`where the stream ${name}, the sync is polled by its ETag`, async (t) => {
    let polls = 0
    const { url, asked } = await aStandIn(t, (path, reply, { headers }) => {
      if (path.endsWith('/events')) {
        reply.setHeader('content-type', 'text/event-stream')
        return refuse(reply)
      }
      polls += 1
      const revision = Math.floor(polls / 3) + 1
      reply.setHeader('etag', `"${revision}"`)
      if (headers['if-none-match'] === `"${revision}"`) return reply.writeHead(304).end()
      sendJson(reply, 200, aView(revision, revision === 4))
    })
    const seen: number[] = []
    await createClient({ baseUrl: url }).waitForSync(ID, { onProgress: ({ revision }) => seen.push(revision) })
    t.same(seen, [1, 2, 3, 4])
    t.equal(asked.filter(({ path }) => path.endsWith('/events')).length, 1, 'the stream is not asked for again')
  })
}

t.test('a short 404, errors of a gateway and a line that is cut are sat out', async (t) => {
  let calls = 0
  const { url } = await aStandIn(t, (_path, reply) => {
    calls += 1
    if (calls === 1) return sendJson(reply, 200, aView(1))
    if (calls <= 3) return sendJson(reply, 404, notFound)
    if (calls === 4) return reply.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>')
    if (calls === 5) return reply.destroy()
    if (calls === 6) return reply.writeHead(200).end('{"cut')
    sendJson(reply, 200, aView(2, true))
  })
  const sync = await createClient({ baseUrl: url }).waitForSync(ID, { stream: false })
  t.equal(sync.revision, 2)
})

t.test('a 404 that stays is an error, once it was confirmed', async (t) => {
  const { url, asked } = await aStandIn(t, (_path, reply) => sendJson(reply, 404, notFound))
  await t.rejects(createClient({ baseUrl: url }).waitForSync(ID), {
    name: 'SheetsyncError',
    code: 'SYNC_NOT_FOUND',
    status: 404,
  })
  t.equal(asked.length, 3)
})

t.test('what waiting cannot mend is told at once', async (t) => {
  const error = new AppError('VALIDATION_FAILED', 'id is not a sync id.', {
    errors: [{ field: 'id', message: 'is not a sync id' }],
  })
  const { url, asked } = await aStandIn(t, (_path, reply) => sendJson(reply, 400, toProblem(error, 'req-1')))
  await t.rejects(createClient({ baseUrl: url }).waitForSync('x'), {
    code: 'VALIDATION_FAILED',
    message: 'id is not a sync id.',
    hint: 'errors[] names each field at fault; GET /docs describes them all.',
    errors: [{ field: 'id' }],
    requestId: 'req-1',
  })
  t.equal(asked.length, 1)
})

t.test('an aborted wait rejects with the reason, whatever it was doing, and lets go of the line', async (t) => {
  const reason = new Error('the page was left')
  for (const stream of [true, false]) {
    let isOpen = false
    const { url } = await aStandIn(t, (path, reply) => {
      if (!path.endsWith('/events')) return sendJson(reply, 200, aView(1))
      reply.writeHead(200, OPEN).write(event(2))
      isOpen = true
      reply.on('close', () => {
        isOpen = false
      })
    })
    const abort = new AbortController()
    const wait = createClient({ baseUrl: url }).waitForSync(ID, {
      stream,
      signal: abort.signal,
      onProgress: ({ revision }: Sync) => {
        if (revision === (stream ? 2 : 1)) setImmediate(() => abort.abort(reason))
      },
    })
    await t.rejects(wait, reason)
    while (isOpen) await new Promise(setImmediate)
  }
})
