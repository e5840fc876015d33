import { readFile } from 'node:fs/promises'
import t from 'tap'
import type { SyncRequestInput } from '../../src/syncs/sync-request.ts'
import { anEmulator, aService, finished, pollUntil, ROOT, startSync } from '../support/service.ts'

interface OpenApi {
  readonly openapi: string
  readonly paths: Record<
    string,
    Record<string, { summary?: string; operationId?: string; responses?: object; parameters?: Parameter[] }>
  >
  readonly components: { readonly schemas: Record<string, { readonly examples?: SyncRequestInput[] }> }
}
interface Parameter {
  readonly name: string
  readonly schema?: { readonly example?: string }
  readonly example?: string
}

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
    t.equal((await fetch(new URL(source ?? '', `${url}/docs/`))).status, 200, source ?? '')
  }
})

t.test('the examples of the document run as they stand', async (t) => {
  const emulator = await anEmulator(t, { folder: `${ROOT}emulator/workbooks` })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi
  const examples = Object.values(document.components.schemas).flatMap((schema) => schema.examples ?? [])
  t.ok(examples.length >= 2)
  for (const example of examples) {
    const { id } = await startSync(url, example)
    t.match(await pollUntil(url, id, finished), { state: 'succeeded' }, JSON.stringify(example))
  }
  const path = '/spreadsheets/{spreadsheetId}/tabs/{tab}'
  const values = (document.paths[path]?.get?.parameters ?? []).map(
    ({ name, example, schema }) => [name, example ?? schema?.example] as const,
  )
  const filled = values.reduce(
    (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value ?? '')),
    path,
  )
  const rows = (await (await fetch(`${url}${filled}`)).json()) as unknown[]
  t.ok(rows.length > 0, `GET ${filled}`)
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
  t.not(
    (await asked('https://evil.example.com')).headers.get('access-control-allow-origin'),
    'https://evil.example.com',
  )
  const preflight = await fetch(`${url}/syncs`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  })
  t.equal(preflight.status, 204)
  const { url: closed } = await aService(t, {})
  t.equal(
    (await fetch(`${closed}/syncs`, { headers: { origin: 'https://app.example.com' } })).headers.get(
      'access-control-allow-origin',
    ),
    null,
  )
})
