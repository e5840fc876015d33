import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { answerInTurn } from '../../src/routes/pipelined-requests.ts'

/** A server that handles requests in turn, a connection to it, and the paths that were handed on, as they are. */
async function aConnection(t: Test, handle: RequestListener) {
  const handled: string[] = []
  const server = createServer(
    answerInTurn((request, response) => {
      handled.push(request.url ?? '')
      handle(request, response)
    }),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined)
  t.teardown(() => {
    client.destroy()
    server.close()
  })
  const [socket] = await accepted
  return { client, socket, handled }
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
const post = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`

t.test(
  'requests that come at once are answered in order, bodies included, and each is handled once those before it are answered',
  async (t) => {
    const underWay = new Set<string>()
    const { client, handled } = await aConnection(t, async (request, response) => {
      t.equal(underWay.size, 0, `${request.url} is alone`)
      underWay.add(request.url ?? '')
      response.once('finish', () => underWay.delete(request.url ?? ''))
      const body = await text(request)
      // What is asked first takes longest.
      setTimeout(() => response.end(`${request.url}=${body};`), request.url === '/0' ? 20 : 0)
    })
    client.write(get('/0') + post('/1', 'one') + get('/2') + post('/3', 'three').slice(0, -2))
    const answers = text(client)
    while (!handled.includes('/3')) await new Promise(setImmediate)
    client.write('ee')
    client.write(get('/4', 'Connection: close\r\n'))
    const bodies = (await answers).match(/\/\d=\w*(?=;)/g)
    t.same(bodies, ['/0=', '/1=one', '/2=', '/3=three', '/4='])
    t.same(handled, ['/0', '/1', '/2', '/3', '/4'])
  },
)

t.test('while one waits no more are read, and one that is never answered holds the others', async (t) => {
  const { client, socket, handled } = await aConnection(t, () => undefined)
  client.write(get('/0') + get('/1'))
  while (!socket.isPaused()) await new Promise(setImmediate)
  const read = socket.bytesRead
  client.write(get('/2'))
  // The system has it, and a server that reads would have it by then.
  await new Promise((resolve) => client.write('', resolve))
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
  t.equal(socket.bytesRead, read)
  t.same(handled, ['/0'])
})

t.test(
  'a connection that sends more than sixteen at once is closed, and none of them but the first is handled',
  async (t) => {
    const { client, socket, handled } = await aConnection(t, () => undefined)
    client.write(get('/').repeat(17))
    await once(socket, 'close')
    t.same(handled, ['/'])
  },
)

t.test('sixteen at once are fine, time and again', async (t) => {
  const { client } = await aConnection(t, (_request, response) => response.end('x'))
  let answers = 0
  client.on('data', (chunk: Buffer) => {
    answers += chunk.toString('latin1').split('HTTP/1.1 200').length - 1
  })
  for (let round = 1; round <= 3; round += 1) {
    client.write(get('/').repeat(16))
    while (answers < 16 * round) await new Promise(setImmediate)
  }
  t.equal(answers, 48)
})

t.test('what waits on a connection that is closed is not handled', async (t) => {
  const { client, socket, handled } = await aConnection(t, (request, response) => {
    request.socket.once('close', () => response.end())
  })
  client.write(get('/0') + get('/1'))
  while (!socket.isPaused()) await new Promise(setImmediate)
  socket.destroy()
  await once(socket, 'close')
  await new Promise(setImmediate)
  t.same(handled, ['/0'])
})
