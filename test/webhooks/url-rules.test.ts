import t from 'tap'
import { isPublicAddress } from '../../src/webhooks/public-address.ts'
import { faultOfUrl } from '../../src/webhooks/url-rules.ts'
import { NOT_PUBLIC } from '../support/addresses.ts'

const PUBLIC = [
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '2606:4700::1111',
  '2a00:1450::1',
]

t.test("addresses that are not anybody's on the internet are told from those that are", async (t) => {
  for (const [address, what] of Object.entries(NOT_PUBLIC)) t.notOk(isPublicAddress(address), `${address}: ${what}`)
  for (const address of PUBLIC) t.ok(isPublicAddress(address), address)
  for (const none of ['', 'localhost', '1.2.3', '8.8.8.8:80', '[2606:4700::1111]']) t.notOk(isPublicAddress(none), none)
})

t.test('a URL with such an address in it is refused, however it is spelt', async (t) => {
  const spellings = [
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.0.0.1/',
    'https://0177.0.0.1/',
    'https://127.0.0.1./',
    'https://[::]/',
    'https://[0:0:0:0:0:ffff:7f00:1]/',
    'https://\u2460\u2461\u2466.0.0.1/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://x.localhost/',
  ]
  for (const url of spellings) t.match(faultOfUrl(url, { insecure: false }), { message: /not public/ }, url)
  for (const address of Object.keys(NOT_PUBLIC)) {
    const url = `https://${address.includes(':') ? `[${address}]` : address}/`
    t.match(faultOfUrl(url, { insecure: false }), { message: /not public/ }, url)
  }
})

t.test('https, no user name, and port 443 or a free one', async (t) => {
  for (const url of [
    'https://example.com/',
    'https://example.com:443/a?b=c',
    'https://example.com:8443/',
    'https://8.8.8.8/',
  ])
    t.equal(faultOfUrl(url, { insecure: false }), undefined, url)
  for (const port of [1, 22, 25, 80, 465, 993, 1023])
    t.match(faultOfUrl(`https://example.com:${port}/`, { insecure: false }), { message: new RegExp(`port ${port}`) })
  for (const url of ['http://example.com/', 'ftp://example.com/', 'file:///etc/passwd', 'javascript:alert(1)', 'x', ''])
    t.match(faultOfUrl(url, { insecure: false }), { message: /not an https URL/, hint: String }, url)
  for (const insecure of [true, false]) {
    t.match(faultOfUrl('https://user@example.com/', { insecure }), { message: /user name/ })
    t.match(faultOfUrl('https://:password@example.com/', { insecure }), { message: /password/ })
  }
})

t.test('in development http, any port and any address are allowed', async (t) => {
  for (const url of ['http://localhost:3000/', 'http://10.0.0.1:25/', 'http://[::1]/'])
    t.equal(faultOfUrl(url, { insecure: true }), undefined, url)
  t.match(faultOfUrl('ftp://localhost/', { insecure: true }), { message: String })
})
