import { Readable } from 'node:stream'
import fastify from 'fastify'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import { addErrorResponses } from '../../src/routes/problem-details.ts'
import { RequestLogger } from '../../src/routes/request-logger.ts'

/** A server with a route of each kind, and the lines that it logs. */
async function aServer(t: Test, level = 'info') {
  const lines: Record<string, unknown>[] = []
  const log = pino({ level }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const requestLog = new RequestLogger(log)
  const app = fastify({ logController: requestLog })
  addErrorResponses(app, requestLog)
  requestLog.attach(app)
  app.get('/poll', async () => 'as before')
  app.post('/change', async () => 'changed')
  app.get('/broken', async () => {
    throw new AppError('STORAGE_UNAVAILABLE', 'The disk is away.', { cause: new Error('EIO') })
  })
  app.post('/refused', async () => {
    throw new AppError('VALIDATION_FAILED', 'No.')
  })
  app.post('/away', async () => {
    throw new AppError('STORAGE_UNAVAILABLE', 'The disk is away.', { cause: new Error('EIO') })
  })
  app.get('/full', async () => {
    throw new AppError('QUEUE_FULL', 'Too many wait.')
  })
  app.get('/unfinished', async (_request, reply) =>
    reply.header('content-length', 100).send(
      Readable.from(
        (async function* () {
          yield 'half'
          throw new Error('the disk went away')
        })(),
      ),
    ),
  )
  t.teardown(() => app.close())
  return { url: await app.listen({ port: 0 }), lines }
}

t.test('a poll is not told', async (t) => {
  const { url, lines } = await aServer(t)
  t.equal(await (await fetch(`${url}/poll`)).text(), 'as before')
  t.same(lines, [])
})

t.test('what may change something is told in one line, under the id that the answer carries', async (t) => {
  const { url, lines } = await aServer(t)
  const answer = await fetch(`${url}/change`, { method: 'POST' })
  await answer.text()
  t.match(lines, [
    { requestId: answer.headers.get('x-request-id'), req: { method: 'POST', url: '/change' }, status: 200, ms: Number },
  ])
})

t.test('a failure of ours is told under the id that its problem carries', async (t) => {
  const { url, lines } = await aServer(t)
  const answer = await fetch(`${url}/broken`)
  const { requestId } = (await answer.json()) as { requestId: string }
  t.equal(answer.headers.get('x-request-id'), requestId)
  t.match(lines, [{ requestId, code: 'STORAGE_UNAVAILABLE', err: { message: 'The disk is away.' } }])
})

t.test('what is refused at a limit is told by its code, without a stack', async (t) => {
  const { url, lines } = await aServer(t)
  await (await fetch(`${url}/full`)).text()
  t.match(lines, [{ level: 40, code: 'QUEUE_FULL', reason: 'Too many wait.', requestId: String }])
  t.notOk(lines.some((line) => 'err' in line))
})

t.test('what is refused or fails is told in the one line of its request, with code and reason', async (t) => {
  const { url, lines } = await aServer(t)
  for (const path of ['/refused', '/away']) await (await fetch(`${url}${path}`, { method: 'POST' })).text()
  t.match(lines, [
    { level: 30, code: 'VALIDATION_FAILED', reason: 'No.', req: { method: 'POST', url: '/refused' }, status: 400 },
    { level: 50, code: 'STORAGE_UNAVAILABLE', reason: 'The disk is away: EIO', status: 503, requestId: String },
  ])
  t.notOk(lines.some((line) => 'err' in line))
})

t.test('what the caller of a poll gets wrong is told to who debugs', async (t) => {
  const { url, lines } = await aServer(t, 'debug')
  await (await fetch(`${url}/nowhere`)).text()
  await (await fetch(`${url}/nowhere`, { method: 'POST' })).text()
  t.match(lines, [
    { level: 20, req: { url: '/nowhere' }, status: 404, err: { code: 'ROUTE_NOT_FOUND' } },
    { level: 20, req: { method: 'POST' }, status: 404 },
  ])
})

t.test('an answer that breaks off is told', async (t) => {
  const { url, lines } = await aServer(t)
  await t.rejects(fetch(`${url}/unfinished`).then((answer) => answer.text()))
  t.match(lines, [{ err: { message: 'the disk went away' }, requestId: String }])
})
