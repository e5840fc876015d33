import { METHODS } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { problem } from '../../src/model/problem.ts'
import { aService } from '../support/service.ts'

/** Sends a request line as it is, which `fetch` would mend, and resolves to the status; to 0 when there is no answer. */
async function statusOf(url: string, line: string, headers = ''): Promise<number> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.write(`${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${headers}\r\n`, 'latin1')
  const answer = await text(socket)
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0)
  // Not of HEAD, nor of what Node refuses before anybody is asked.
  if (status >= 400 && body !== '') problem.parse(JSON.parse(body))
  return status
}

function isRefusalOrAnswer(status = 0): boolean {
  return status >= 200 && status < 500
}

const ODD = [
  '%00',
  '..%2f',
  '..',
  '.',
  '/etc/passwd',
  '%2e%2e%2f%2e%2e',
  '%ff',
  '%',
  '%zz',
  '%5c..',
  '\\..',
  '\xe4',
  '*',
  ';a',
  '__proto__',
]

t.test('whatever stands in a path, it is refused and never fails', async (t) => {
  const { url } = await aService(t, {})
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, unknown> }
  const places = [
    '',
    '/nothing',
    '/docs',
    '/docs/json',
    '/docs/static',
    '/docs/static/swagger-ui.css',
    ...Object.keys(paths),
  ]
  for (const place of places) {
    const path = place.replace('{id}', 'sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01').replace('{spreadsheetId}', 'a')
    // In place of the last parameter, or else as a part of its own; now and then in the query too.
    const lines = ODD.flatMap((odd, index) => {
      const line = path.endsWith('}') ? path.replace(/\{\w+\}$/, odd) : `${path}/${odd}`
      return index % 3 === 0 ? [line, `${path}?${odd}=${odd}`] : [line]
    })
    const statuses = await Promise.all(lines.map((line) => statusOf(url, `GET ${line}`)))
    const odd = lines.filter((_, index) => !isRefusalOrAnswer(statuses[index]))
    t.same(odd, [], place)
  }
  for (const target of ['http://elsewhere.example/nothing', 'http://elsewhere.example', '//', '?']) {
    const status = await statusOf(url, `GET ${target}`)
    t.ok(status >= 400 && status < 500, `${target} is answered ${status}`)
  }
})

t.test('every method is answered, known or not, with a body or without', async (t) => {
  const { url } = await aService(t, {})
  const bodies = [
    '',
    'Content-Length: 2\r\n\r\n{}',
    'Content-Type: text/odd\r\nContent-Length: 2\r\n\r\n{}',
    'Content-Type: ;\r\n',
  ]
  // A proxy is asked to CONNECT; anybody else closes the connection.
  for (const method of METHODS.filter((name) => name !== 'CONNECT')) {
    const requests = ['/syncs', '/nothing', '*'].flatMap((path) =>
      bodies.map((body) => [`${method} ${path}`, body] as const),
    )
    const statuses = await Promise.all(requests.map(([line, body]) => statusOf(url, line, body)))
    const odd = requests.filter((_, index) => !isRefusalOrAnswer(statuses[index]))
    t.same(odd, [], method)
  }
  t.equal(await statusOf(url, 'QUERY /syncs'), 405)
  t.equal(await statusOf(url, 'QUERY /nothing'), 404)
  t.equal(await statusOf(url, 'ODD /syncs'), 400)
})
