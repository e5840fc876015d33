import { once } from 'node:events'
import { type AddressInfo, createServer, type LookupFunction } from 'node:net'
import { Webhook } from 'standardwebhooks'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/system-clock.ts'
import { HttpSender, type HttpSenderOptions } from '../../src/webhooks/http-sender.ts'
import { NOT_PUBLIC } from '../support/addresses.ts'
import { type Answer, aReceiver } from '../support/receiver.ts'

const KEY = Buffer.alloc(32, 7)
const MESSAGE = { id: 'a-message', body: '{"type":"sync.succeeded","name":"Zoë"}' }
const never = new AbortController().signal

function aSender(options: Partial<HttpSenderOptions> = {}): HttpSender {
  return new HttpSender({ keys: [KEY], insecure: true, clock: systemClock, ...options })
}

/** Names that resolve to these addresses, and how often they were asked for. */
function namesFor(...addresses: string[]): { lookup: LookupFunction; asked: string[] } {
  const asked: string[] = []
  const lookup: LookupFunction = (hostname, options, callback) => {
    asked.push(hostname)
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (options.all === true) callback(null, found)
    else callback(null, found[0]?.address ?? '', found[0]?.family)
  }
  return { lookup, asked }
}

async function sendTo(t: Test, answer: Answer, options: Partial<HttpSenderOptions> = {}) {
  const receiver = await aReceiver(t, [answer])
  return aSender(options).send(receiver.url, MESSAGE, never)
}

t.test('a message is POSTed with headers by which it can be verified', async (t) => {
  const receiver = await aReceiver(t)
  t.same(await aSender().send(`${receiver.url}?token=x`, MESSAGE, never), { status: 204, error: null })
  const [received] = receiver.received
  t.match(received, { method: 'POST', path: '/hook?token=x', headers: { 'content-type': 'application/json' } })
  const verifier = new Webhook(`whsec_${KEY.toString('base64')}`)
  t.same(verifier.verify(received?.body ?? '', received?.headers as Record<string, string>), JSON.parse(MESSAGE.body))
  t.equal(received?.headers['webhook-id'], MESSAGE.id)
  t.match(received?.headers['webhook-timestamp'], /^\d{10}$/)
})

t.test('any 2xx takes the message; every other answer does not, and says which it was', async (t) => {
  for (const status of [200, 201, 202, 204, 299]) t.same(await sendTo(t, status), { status, error: null })
  for (const status of [304, 400, 401, 404, 410, 429, 500, 503])
    t.match(await sendTo(t, status), { status, error: new RegExp(`it answered ${status}`) })
})

t.test('a redirect is not followed', async (t) => {
  const target = await aReceiver(t)
  for (const status of [301, 302, 303, 307, 308]) {
    const result = await sendTo(t, (_, response) => void response.writeHead(status, { location: target.url }).end())
    t.match(result, { status, error: /redirects are not followed/ })
  }
  t.equal(target.received.length, 0)
})

t.test('Retry-After is read as seconds and as a date, and anything else is let be', async (t) => {
  const asking = (value: string) =>
    sendTo(t, (_, response) => void response.writeHead(503, { 'retry-after': value }).end())
  t.match(await asking('120'), { status: 503, retryAfterMs: 120_000 })
  const { retryAfterMs = 0 } = await asking(new Date(Date.now() + 60_000).toUTCString())
  t.ok(retryAfterMs > 50_000 && retryAfterMs <= 60_000, `${retryAfterMs}`)
  t.match(await asking(new Date(0).toUTCString()), { retryAfterMs: 0 })
  for (const value of ['soon', '-5x', '1.5e9']) t.notOk('retryAfterMs' in (await asking(value)), value)
})

t.test('a receiver that does not answer in time is given up', async (t) => {
  const result = await sendTo(t, () => undefined, { timeoutMs: 100 })
  t.same(result, { status: null, error: 'there was no answer within 0.1 s' })
})

t.test('a body is neither waited for beyond the time limit nor read beyond a bound', async (t) => {
  const trickle = await sendTo(t, (_, response) => void response.writeHead(200).write('x'), { timeoutMs: 100 })
  t.same(trickle, { status: 200, error: null }, 'the status counts')
  let sent = 0
  const flood = await sendTo(t, async (_, response) => {
    response.writeHead(200)
    const closed = once(response, 'close')
    const chunk = Buffer.alloc(64 * 1024)
    while (!response.destroyed) {
      sent += chunk.length
      if (!response.write(chunk)) await Promise.race([once(response, 'drain'), closed])
    }
  })
  t.same(flood, { status: 200, error: null })
  t.ok(sent < 16 * 1024 * 1024, `${sent} bytes, what the buffers on the way hold`)
})

t.test('what is broken on the way is told in words, without addresses', async (t) => {
  const closed = await aReceiver(t)
  const resets = await sendTo(t, (request) => void request.socket.resetAndDestroy())
  t.match(resets, { status: null, error: 'the connection was broken off' })
  const headers = await sendTo(t, (_, response) => void response.writeHead(200, { x: 'x'.repeat(100_000) }).end())
  t.match(headers, { status: null, error: /the request failed \(HPE_/ })
  const talker = createServer((socket) => void socket.resume().end('220 mail.example ESMTP\r\n'))
  talker.listen(0, '127.0.0.1')
  await once(talker, 'listening')
  const { port } = talker.address() as AddressInfo
  t.match(await aSender().send(`http://127.0.0.1:${port}/`, MESSAGE, never), { error: /the request failed \(HPE_/ })
  await new Promise((resolve) => talker.close(resolve))
  t.same(await aSender().send(`http://127.0.0.1:${port}/`, MESSAGE, never), {
    status: null,
    error: 'the connection was refused',
  })
  t.same(await aSender().send('http://no-such-host.invalid/', MESSAGE, never), {
    status: null,
    error: 'the name of the host does not resolve',
  })
  const both = namesFor('127.0.0.1', '::1')
  t.match(await aSender(both).send(`http://both.example:${port}/`, MESSAGE, never), { error: /refused|reached/ })
  t.equal(closed.received.length, 0)
})

t.test('whoever stops gets their own reason back, at once', async (t) => {
  const receiver = await aReceiver(t, [() => undefined])
  const stop = new AbortController()
  const sending = aSender().send(receiver.url, MESSAGE, stop.signal)
  await receiver.has(1)
  const reason = new Error('enough')
  stop.abort(reason)
  await t.rejects(sending, reason)
  await t.rejects(aSender().send(receiver.url, MESSAGE, stop.signal), reason)
})

t.test(
  'a name that resolves to an address that is not public is not called, by either family of the answer',
  async (t) => {
    const receiver = await aReceiver(t)
    const { port } = new URL(receiver.url)
    for (const [address, what] of Object.entries(NOT_PUBLIC)) {
      const { lookup, asked } = namesFor(address)
      const result = await aSender({ insecure: false, lookup, timeoutMs: 2000 }).send(
        `https://rebind.example:${port}/`,
        MESSAGE,
        never,
      )
      t.same(result, { status: null, error: 'the host has an address that is not public' }, `${address}: ${what}`)
      t.same(asked, ['rebind.example'], 'asked for once')
      const mixed = namesFor('8.8.8.8', address)
      t.match(await aSender({ insecure: false, ...mixed }).send(`https://rebind.example:${port}/`, MESSAGE, never), {
        error: /not public/,
      })
    }
    t.equal(receiver.received.length, 0)
  },
)

t.test('an address in the URL itself is not called either', async (t) => {
  const sender = aSender({ insecure: false })
  for (const address of Object.keys(NOT_PUBLIC)) {
    const host = address.includes(':') ? `[${address}]` : address
    t.match(await sender.send(`https://${host}/`, MESSAGE, never), { status: null, error: /not public/ }, host)
  }
  t.match(await sender.send('http://example.com/', MESSAGE, never), { status: null, error: /not an https URL/ })
})

t.test('the address that was looked up is the one that is called, under the name of the URL', async (t) => {
  const receiver = await aReceiver(t)
  const { port } = new URL(receiver.url)
  const { lookup, asked } = namesFor('127.0.0.1')
  const result = await aSender({ lookup }).send(`http://hooks.example:${port}/`, MESSAGE, never)
  t.same(result, { status: 204, error: null })
  t.same(asked, ['hooks.example'], 'there is no second lookup that could be answered otherwise')
  t.equal(receiver.received[0]?.headers.host, `hooks.example:${port}`)
})

t.test('each message has a connection of its own, which ends with it', async (t) => {
  const ports = new Set<number | undefined>()
  const receiver = await aReceiver(t, [
    (request, response) => {
      ports.add(request.socket.remotePort)
      response.writeHead(200).end('thanks')
    },
  ])
  const sender = aSender()
  for (let count = 0; count < 3; count++) await sender.send(receiver.url, MESSAGE, never)
  t.equal(ports.size, 3)
})
