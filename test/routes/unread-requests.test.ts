import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { aService } from '../support/service.ts'

/** Sends a request piece by piece, and reads nothing before all of it is sent; resolves to what was answered. */
async function sendAll(url: string, pieces: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  // A connection that is reset loses what was not read.
  let reset: Error | undefined
  socket.on('error', (error) => {
    reset = error
  })
  socket.pause()
  for (const piece of pieces) {
    socket.write(piece)
    await delay(20)
  }
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  socket.resume()
  await once(socket, 'close')
  return reset === undefined ? answer : `${reset.message}: ${answer}`
}

t.test('a client that is still sending when it is refused reads why', async (t) => {
  const { url } = await aService(t, {})
  const get = `GET /syncs?x=${'x'.repeat(20_000)}`
  t.match(
    await sendAll(url, [get, 'x'.repeat(10_000), 'x'.repeat(10_000), ' HTTP/1.1\r\n\r\n']),
    /^HTTP\/1.1 431 .*HEADERS_TOO_LARGE/s,
  )

  const post = 'POST /syncs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
  const pieces = Array.from({ length: 10 }, () => 'x'.repeat(200_000))
  t.match(await sendAll(url, [`${post}content-length: 2000000\r\n\r\n`, ...pieces]), /^HTTP\/1.1 413 .*BODY_TOO_LARGE/s)
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
  t.match(
    await sendAll(url, [`${post}transfer-encoding: chunked\r\n\r\n`, ...chunks, '0\r\n\r\n']),
    /^HTTP\/1.1 413 .*BODY_TOO_LARGE/s,
  )
})

t.test('a client that says how much it will send, and sends nothing, is refused all the same', async (t) => {
  const { url } = await aService(t, {})
  const head =
    'POST /syncs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2000000\r\n\r\n'
  t.match(await sendAll(url, [head]), /^HTTP\/1.1 413 .*BODY_TOO_LARGE/s)
})
