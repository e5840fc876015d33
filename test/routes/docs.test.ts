import { readFile } from 'node:fs/promises'
import t from 'tap'
import { someKeys } from '../support/callers.ts'
import { aService, ROOT } from '../support/service.ts'
import type { OpenApi } from './openapi-examples.ts'

t.test('the document that is served is the one that is committed, and names every operation', async (t) => {
  const { url } = await aService(t, {})
  const served = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi
  t.same(served, JSON.parse(await readFile(`${ROOT}openapi/openapi.json`, 'utf8')))
  t.match(served.openapi, /^3\.1/)
  for (const [path, operations] of Object.entries(served.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      t.ok(operation.summary && operation.operationId && operation.responses, `${method} ${path}`)
    }
  }
})

t.test('Swagger UI is under /docs, with all it needs from here', async (t) => {
  const { url } = await aService(t, {})
  const page = await fetch(`${url}/docs`)
  const html = await page.text()
  t.equal(page.status, 200)
  t.match(html, /swagger-ui/)
  for (const [, source] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    t.notMatch(source, /^https?:/, 'nothing comes from elsewhere')
    const file = await fetch(new URL(source ?? '', `${url}/docs/`))
    t.equal(file.status, 200, source ?? '')
    // What is not read to its end holds the close of the service up.
    await file.arrayBuffer()
  }
})

t.test('pages are sent with a policy that lets nothing in from elsewhere; polls are spared its headers', async (t) => {
  const { url } = await aService(t, {})
  const page = await fetch(`${url}/docs/`)
  const policy = page.headers.get('content-security-policy') ?? ''
  t.match(policy, /default-src 'self'/)
  t.match(policy, /frame-ancestors 'none'/)
  t.notMatch(policy, /https?:|\*|unsafe-eval|script-src[^;]*unsafe|upgrade-insecure/)
  t.equal(page.headers.get('x-content-type-options'), 'nosniff')
  t.notMatch(await page.text(), /<script(?![^>]*\bsrc=)|\son\w+=/i, 'no script stands in the page itself')
  const list = await fetch(`${url}/syncs`)
  t.equal(list.headers.get('content-security-policy'), null)
})

t.test('documents and what their pages need have a strong ETag, and are not sent again to who has them', async (t) => {
  const { url } = await aService(t, {})
  for (const path of ['/openapi.json', '/docs', '/docs/', '/docs/json', '/docs/yaml', '/docs/static/swagger-ui.css']) {
    const plain = { 'accept-encoding': 'identity' }
    const whole = await fetch(`${url}${path}`, { headers: plain })
    const text = await whole.text()
    const etag = whole.headers.get('etag') ?? ''
    t.match(etag, /^"[\w-]{43}"$/, path)
    t.equal(whole.headers.get('cache-control'), 'no-cache')
    const head = await fetch(`${url}${path}`, { method: 'HEAD', headers: plain })
    t.equal(head.headers.get('content-length'), String(Buffer.byteLength(text)))
    const compressed = await fetch(`${url}${path}`, { headers: { 'accept-encoding': 'gzip, br' } })
    t.equal(compressed.headers.get('content-encoding'), 'br', path)
    t.equal(compressed.headers.get('etag'), etag.replace(/"$/, '-br"'))
    t.ok((await compressed.text()) === text, `${path} is the same, compressed`)
    for (const method of ['GET', 'HEAD']) {
      const again = await fetch(`${url}${path}`, { method, headers: { ...plain, 'if-none-match': etag } })
      t.same([again.status, await again.text()], [304, ''], `${method} ${path}`)
      t.equal(again.headers.get('etag'), etag)
    }
    const other = await fetch(`${url}${path}`, { headers: { 'if-none-match': '"other"' } })
    t.ok((await other.text()) === text)
  }
})

t.test('a browser may ask for leave without a key, and may read why it was refused', async (t) => {
  const { setting } = someKeys({ one: ['read'] })
  const { url } = await aService(t, { CORS_ORIGINS: 'https://app.example.com', API_KEYS: setting, RATE_LIMIT: '1' })
  const headers = { origin: 'https://app.example.com' }
  const preflight = { ...headers, 'access-control-request-method': 'GET' }
  for (let index = 0; index < 3; index++)
    t.equal((await fetch(`${url}/syncs`, { method: 'OPTIONS', headers: preflight })).status, 204)
  for (const status of [401, 429]) {
    const refused = await fetch(`${url}/syncs`, { headers })
    t.equal(refused.status, status)
    t.equal(refused.headers.get('access-control-allow-origin'), 'https://app.example.com')
  }
})

t.test('browsers may call from the origins that are set, and from no other', async (t) => {
  const { url } = await aService(t, { CORS_ORIGINS: 'https://app.example.com' })
  const asked = (origin: string) => fetch(`${url}/syncs`, { headers: { origin } })
  t.equal(
    (await asked('https://app.example.com')).headers.get('access-control-allow-origin'),
    'https://app.example.com',
  )
  t.match(
    (await asked('https://app.example.com')).headers.get('access-control-expose-headers'),
    /ETag.*Location.*Retry-After/,
  )
  const refused = await asked('https://evil.example.com')
  t.equal(refused.status, 403)
  t.not(refused.headers.get('access-control-allow-origin'), 'https://evil.example.com')
  const preflight = await fetch(`${url}/syncs`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  })
  t.equal(preflight.status, 204)
  const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase().split(', ') ?? []
  for (const name of 'authorization content-type idempotency-key if-none-match if-match prefer last-event-id traceparent'.split(
    ' ',
  ))
    t.ok(allowed.includes(name), `${name} may be sent`)
  const exposed =
    (await asked('https://app.example.com')).headers.get('access-control-expose-headers')?.split(', ') ?? []
  for (const name of ['ETag', 'Location', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'WWW-Authenticate'])
    t.ok(exposed.includes(name), `${name} may be read`)
  const { url: closed } = await aService(t, {})
  t.equal(
    (await fetch(`${closed}/syncs`, { headers: { origin: 'https://app.example.com' } })).headers.get(
      'access-control-allow-origin',
    ),
    null,
  )
})
