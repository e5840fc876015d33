import { once } from 'node:events'
import t from 'tap'
import { createClient, type SheetsyncError, type SyncListEvent } from '../../client/src/index.ts'
import { AppError } from '../../src/errors.ts'
import { toProblem } from '../../src/model/problem.ts'
import { aStandIn, aView, ID, sendJson } from './stand-in.ts'

const OPEN = { 'content-type': 'text/event-stream; charset=utf-8' }
const READY = 'retry: 5\n\nevent: ready\ndata: {}\n\n'
const changed = (revision: number) => `id: ${ID} ${revision}\nevent: sync\ndata: ${JSON.stringify(aView(revision))}\n\n`

t.test('the changes of a list come over breaks and restarts, each of which is told as ready', async (t) => {
  let streams = 0
  const { url, asked } = await aStandIn(t, (_path, reply) => {
    streams += 1
    if (streams === 2) return sendJson(reply, 503, toProblem(new AppError('SHUTTING_DOWN', 'Stopping.')))
    if (streams === 3) return reply.destroy()
    reply.writeHead(200, OPEN)
    reply.write(`${READY}: ping\n\n${changed(streams)}`)
    if (streams === 1) reply.end(`event: removed\ndata: {"id":"${ID}"}\n\nevent: news\ndata: {}\n\n`)
    else reply.write('event: reset\ndata: {}\n\n')
  })
  const client = createClient({ baseUrl: url, apiKey: 'the-key' })
  const seen: SyncListEvent[] = []
  const breaks: (number | undefined)[] = []
  const onBreak = (error?: SheetsyncError) => breaks.push(error?.status)
  for await (const event of client.watchSyncs(
    { state: 'failed', label: ['team=a b', 'week=48'], q: 'ü' },
    { onBreak },
  )) {
    seen.push(event)
    if (event.type === 'reset') break
  }
  t.match(seen, [
    { type: 'ready' },
    { type: 'sync', sync: { id: ID, revision: 1 } },
    { type: 'removed', id: ID },
    { type: 'ready' },
    { type: 'sync', sync: { revision: 4 } },
    { type: 'reset' },
  ])
  t.equal(seen.length, 6)
  t.same(breaks, [undefined, 503, 0])
  for (const { path, headers } of asked) {
    t.equal(path, '/syncs/events?state=failed&label=team%3Da+b&label=week%3D48&q=%C3%BC')
    t.equal(headers.authorization, 'Bearer the-key')
  }
})

t.test('what waiting cannot mend is thrown, and an abort ends the stream with its reason', async (t) => {
  const closed = Promise.withResolvers<unknown>()
  const { url } = await aStandIn(t, (path, reply) => {
    if (path.includes('q=')) return sendJson(reply, 400, toProblem(new AppError('VALIDATION_FAILED', 'q is wrong')))
    reply.writeHead(200, OPEN)
    reply.write(READY)
    closed.resolve(once(reply, 'close'))
  })
  const client = createClient({ baseUrl: url })
  await t.rejects(client.watchSyncs({ q: '' }).next(), { code: 'VALIDATION_FAILED', status: 400 })
  const stop = new AbortController()
  const events = client.watchSyncs({}, { signal: stop.signal })
  t.same(await events.next(), { done: false, value: { type: 'ready' } })
  const next = events.next()
  stop.abort(new Error('enough'))
  await t.rejects(next, { message: 'enough' })
  await closed.promise
})
