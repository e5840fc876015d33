import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import type { RequestListener, Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { platform } from 'node:os'
import fastify from 'fastify'
import t, { type Test } from 'tap'
import { type Log, silentLog } from '../../src/ports/log.ts'
import { type ConnectionLimits, httpServer, listen } from '../../src/routes/http-server.ts'
import { responseUnderWay } from '../../src/routes/open-connections.ts'
import { answerMalformedRequest } from '../../src/routes/problem-details.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const ONE = '127.0.0.1'
/** Every address of 127/8 is the machine's own on Linux; elsewhere it would have to be set up. */
const OTHER = '127.0.0.2'

async function aServer(t: Test, limits: ConnectionLimits, handle: RequestListener, log: Log = silentLog) {
  const server = httpServer(limits, log)(handle, {}) as Server
  server.on('clientError', answerMalformedRequest)
  await once(server.listen(0, ONE), 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return server
}

/** A client from an address, and the other end of its connection. */
async function aClient(t: Test, server: Server, localAddress = ONE): Promise<{ client: Socket; socket: Socket }> {
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = connect({ port: (server.address() as AddressInfo).port, host: ONE, localAddress })
  client.on('error', () => undefined).resume()
  t.teardown(() => client.destroy())
  const [socket] = await accepted
  return { client, socket }
}

t.test('a new connection takes the place of the oldest of its network that asks for nothing', async (t) => {
  const server = await aServer(t, { maxConnections: 8 }, (request, response) => {
    if (request.url === '/') response.end('x')
  })
  const answered = await aClient(t, server)
  answered.client.write(GET)
  await once(answered.client, 'data')
  const busy = await aClient(t, server)
  const asked = once(server, 'request')
  busy.client.write(GET.replace('/', '/slow'))
  await asked
  const [silent, other] = [await aClient(t, server), await aClient(t, server)]
  // Half of the places are taken.
  const fifth = await aClient(t, server)
  t.ok(silent.socket.destroyed, 'first the one that never was answered, and is the oldest of those')
  const sixth = await aClient(t, server)
  t.ok(other.socket.destroyed)
  for (const { client } of [fifth, sixth]) client.write(GET.replace('/', '/slow'))
  while (!isAsked(sixth.socket)) await new Promise(setImmediate)
  const seventh = await aClient(t, server)
  t.ok(answered.socket.destroyed, 'then the one between two requests')
  seventh.client.write(GET.replace('/', '/slow'))
  while (!isAsked(seventh.socket)) await new Promise(setImmediate)
  const refused = await aClient(t, server)
  t.ok(refused.socket.destroyed, 'and never one that waits for its answer')
  t.notOk([busy, fifth, sixth, seventh].some(({ socket }) => socket.destroyed))
  busy.client.destroy()
  await once(busy.socket, 'close')
  t.notOk((await aClient(t, server)).socket.destroyed, 'one that is left is free again')
})

t.test('more connections than half of the open files are not taken, whatever is set', async (t) => {
  const said: unknown[] = []
  const log = { ...silentLog, warn: (fields: object) => void said.push(fields) }
  const server = await aServer(t, { maxConnections: 100, openFilesAtMost: 8 }, () => undefined, log)
  t.match(said, [{ maxConnections: 100, openFilesAtMost: 8, taken: 4 }])
  const [first, second] = [await aClient(t, server), await aClient(t, server)]
  t.notOk(first.socket.destroyed)
  const third = await aClient(t, server)
  t.ok(first.socket.destroyed, 'a network has two of the four')
  t.notOk(second.socket.destroyed || third.socket.destroyed)
})

/** Whether a request came in whose answer has not. */
function isAsked(socket: Socket): boolean {
  return responseUnderWay(socket) !== undefined
}

t.test('one network cannot take all places', { skip: platform() !== 'linux' }, async (t) => {
  const lines: object[] = []
  const log = { ...silentLog, warn: (fields: object) => lines.push(fields) }
  const server = await aServer(t, { openFilesAtMost: 16 }, () => undefined, log)
  for (let index = 0; index < 6; index += 1) {
    const { client, socket } = await aClient(t, server)
    client.write(GET)
    while (!socket.destroyed && !isAsked(socket)) await new Promise(setImmediate)
  }
  t.equal(await openConnections(server), 4)
  t.match(lines, [{ network: ONE, refused: 1, total: 8 }], 'it is logged, not each time')
  const { socket } = await aClient(t, server, OTHER)
  t.notOk(socket.destroyed)
})

function openConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  )
}

t.test('who takes nothing of an answer is cut off; who waits for one is not', async (t) => {
  const bytes = Buffer.alloc(32 * 1024 * 1024)
  const server = await aServer(t, { stallMs: 100 }, (request, response) => {
    if (request.url === '/') response.end(bytes)
  })
  const [stalled, waiting] = [await aClient(t, server), await aClient(t, server)]
  stalled.client.pause()
  waiting.client.write(GET.replace('/', '/slow'))
  stalled.client.write(GET)
  await once(stalled.socket, 'close')
  t.ok(stalled.socket.bytesWritten > 0, 'it had been answered')
  t.notOk(waiting.socket.destroyed)
})

t.test('a connection that is refused is closed, also when its client leaves it open', async (t) => {
  const server = await aServer(t, { requestTimeoutMs: 200 }, () => undefined)
  const { client, socket } = await aClient(t, server)
  client.allowHalfOpen = true
  const [answer] = (await once(client, 'data')) as [Buffer]
  t.match(answer.toString(), /^HTTP\/1\.1 408 /)
  await once(socket, 'close')
})

t.test('localhost is listened at by each of its addresses', async (t) => {
  const app = fastify({ serverFactory: httpServer({}, silentLog) })
  app.get('/', () => 'here')
  t.teardown(() => app.close())
  const { port } = new URL(await listen(app, { host: 'localhost', port: 0 }))
  for (const { address, family } of await lookup('localhost', { all: true })) {
    const answer = await fetch(`http://${family === 6 ? `[${address}]` : address}:${port}`)
    t.equal(await answer.text(), 'here', address)
  }
  await app.close()
})
