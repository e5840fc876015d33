import t from 'tap'
import { someKeys } from '../support/callers.ts'
import { type RawAnswer, send, sendBytes } from '../support/raw-requests.ts'
import { aService } from '../support/service.ts'

/** Status of GET /syncs under each Host. */
const underHosts = async (url: string, hosts: readonly string[], headers: Record<string, string> = {}) =>
  Object.fromEntries(
    await Promise.all(
      hosts.map(async (host) => [host, (await send(url, '/syncs', { host, ...headers })).status] as const),
    ),
  )
const all = (hosts: readonly string[], status: number) => Object.fromEntries(hosts.map((host) => [host, status]))

const OWN = ['localhost', 'localhost:3000', 'LocalHost:80', 'localhost.', 'localhost.:81', '127.0.0.1', '127.9.8.7:1']
const OWN_6 = ['[::1]', '[::1]:3000', '[0:0:0:0:0:0:0:1]']
const FOREIGN = ['evil.example', 'evil.example:3000', 'localhost.evil.example', '127.0.0.1.nip.io', '127.evil.example']
const ODD = ['0.0.0.0', '[::]', '192.168.1.5', 'localhost@evil.example', 'evil.example/localhost', 'localhost..', ':80']

t.test('without keys only the hosts of this machine are served', async (t) => {
  const { url } = await aService(t, {})
  t.same(await underHosts(url, [...OWN, ...OWN_6]), all([...OWN, ...OWN_6], 200))
  t.same(await underHosts(url, [...FOREIGN, ...ODD]), all([...FOREIGN, ...ODD], 421))
  const forwarded = { 'x-forwarded-host': 'localhost', forwarded: 'host=localhost' }
  t.same(await underHosts(url, FOREIGN, forwarded), all(FOREIGN, 421), 'whatever a proxy is said to have seen')
  t.same(await underHosts(url, OWN, { 'x-forwarded-host': 'evil.example' }), all(OWN, 200))

  const refused = await send(url, '/syncs', { host: 'evil.example:3000' }, 'POST')
  t.match(refused, { status: 421, body: { code: 'HOST_NOT_ALLOWED', detail: /evil\.example:3000/ } })
  t.match(refused.body.hint, /ALLOWED_HOSTS/)
  t.match(refused.headers['content-type'], /^application\/problem\+json/)
  const codes = ['/docs', '/docs/json', '/openapi.json', '/nothing-here', '/syncs/no-id', '/metrics/'].map((path) =>
    send(url, path, { host: 'evil.example' }),
  )
  for (const { status } of await Promise.all(codes)) t.equal(status, 421, 'whatever the address')
})

t.test('probes and Prometheus are answered under any host', async (t) => {
  const { url } = await aService(t, {})
  // Not ready yet is an answer, too.
  const answered = (status: number) => status === 200 || status === 503
  for (const path of ['/livez', '/readyz', '/metrics']) {
    t.ok(answered((await send(url, path, { host: '10.0.0.7:3000' })).status), path)
    t.ok(answered((await send(url, path, { host: 'sheetsync', 'sec-fetch-site': 'cross-site' }, 'HEAD')).status))
  }
})

t.test('ALLOWED_HOSTS and the host of PUBLIC_URL are served beside it', async (t) => {
  const { url } = await aService(t, {
    ALLOWED_HOSTS: 'Sheets.example.com., 192.168.1.5,[FE80:0::1]',
    PUBLIC_URL: 'https://rows.example.com:8443/sheets/',
  })
  const good = ['sheets.example.com', 'SHEETS.example.com.:443', '192.168.1.5:3000', '[fe80::1]', 'rows.example.com']
  t.same(await underHosts(url, [...good, ...OWN]), all([...good, ...OWN], 200))
  const bad = ['example.com', 'x.sheets.example.com', '192.168.1.50', ...FOREIGN]
  t.same(await underHosts(url, bad), all(bad, 421))
})

t.test('with keys hosts are checked where ALLOWED_HOSTS is set, and not otherwise', async (t) => {
  const { setting, keys } = someKeys({ one: ['read'] })
  const authorization = `Bearer ${keys.one}`
  const { url } = await aService(t, { API_KEYS: setting, PUBLIC_URL: 'https://rows.example.com' })
  t.same(await underHosts(url, FOREIGN, { authorization }), all(FOREIGN, 200))
  const site = { authorization, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  t.same(await underHosts(url, OWN, site), all(OWN, 200), 'a page that has a key may call from anywhere')

  const checked = await aService(t, { API_KEYS: setting, ALLOWED_HOSTS: 'a.example' })
  const good = ['a.example', 'localhost']
  t.same(await underHosts(checked.url, [...good], { authorization }), all(good, 200))
  t.same(await underHosts(checked.url, FOREIGN, { authorization }), all(FOREIGN, 421))
  t.same(await underHosts(checked.url, ['b.example']), all(['b.example'], 421), 'before a key is asked for')
})

t.test('the target of a request outranks its Host, and there is one Host', async (t) => {
  const { url } = await aService(t, {})
  const answer = async (first: string, ...headers: string[]) =>
    (await sendBytes(url, [first, ...headers, 'Connection: close', '', ''].join('\r\n'))).slice(9, 12)
  t.equal(await answer('GET http://localhost/syncs HTTP/1.1', 'Host: evil.example'), '200')
  t.equal(await answer('GET http://evil.example/syncs HTTP/1.1', 'Host: localhost'), '421')
  t.equal(await answer('GET HTTP://evil.example/syncs HTTP/1.1', 'Host: localhost'), '421')
  t.equal(await answer('GET http://localhost@evil.example/syncs HTTP/1.1', 'Host: localhost'), '421')
  t.match(await answer('GET https:///syncs HTTP/1.1', 'Host: localhost'), /^4/)
  t.equal(await answer('OPTIONS * HTTP/1.1', 'Host: evil.example'), '421')
  t.equal(await answer('GET /syncs HTTP/1.1', 'Host: localhost', 'Host: evil.example'), '400')
  t.equal(await answer('GET /syncs HTTP/1.1', 'Host: evil.example', 'Host: localhost'), '400')
  t.equal(await answer('GET /syncs HTTP/1.1', 'Host:'), '421')
  t.equal(await answer('GET /syncs HTTP/1.1'), '400')
  t.equal(await answer('GET /syncs HTTP/1.0'), '421')
  t.equal(await answer('GET /livez HTTP/1.0'), '200', 'a load balancer of old may ask whether it lives')
  t.equal(await answer('GET /syncs HTTP/1.0', 'Host: localhost'), '200')
})

t.test('a good host is good once more, and a bad one is not remembered as good', async (t) => {
  const { url } = await aService(t, {})
  const answers: RawAnswer[] = []
  for (const host of ['localhost', 'evil.example', 'evil.example', 'localhost', '127.0.0.1', 'evil.example']) {
    answers.push(await send(url, '/syncs', { host }))
  }
  t.same(
    answers.map(({ status }) => status),
    [200, 421, 421, 200, 200, 421],
  )
})
