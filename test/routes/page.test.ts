import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import t, { type Test } from 'tap'
import { modulesOf } from '../../src/routes/page-modules.ts'
import { someKeys } from '../support/callers.ts'
import { aDirectory, aService, aServiceProcess, environmentFor, ROOT } from '../support/service.ts'

/** What the page may weigh on its way to a browser. */
const MOST_BYTES = 100_000

async function thePage(t: Test, environment: Record<string, string> = {}) {
  const { url } = await aService(t, environment)
  const answer = await fetch(`${url}/`)
  const html = await answer.text()
  const paths = [...new Set([...html.matchAll(/(?:href|src)="(web\/[^"]+)"/g)].map(([, path = '']) => path))]
  return { url, answer, html, paths }
}

t.test('the page is there without a key, and every file that it names', async (t) => {
  const { setting } = someKeys({ one: ['read'] })
  const { url, answer, paths } = await thePage(t, { API_KEYS: setting })
  t.equal(answer.status, 200)
  t.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8')
  t.ok(paths.length > 20)
  const types = { css: 'text/css; charset=utf-8', svg: 'image/svg+xml' } as Record<string, string>
  for (const path of paths) {
    const file = await fetch(`${url}/${path}`)
    t.equal(file.status, 200, path)
    const type = types[path.split('.').pop() ?? ''] ?? 'text/javascript; charset=utf-8'
    t.equal(file.headers.get('content-type'), type, path)
    t.equal(file.headers.get('x-content-type-options'), 'nosniff')
    t.ok((await file.text()).length > 0)
  }
})

t.test('nothing in the page is run but its own scripts, and its import map by its hash', async (t) => {
  const { answer, html } = await thePage(t)
  const policy = answer.headers.get('content-security-policy') ?? ''
  const [, map = ''] = /<script type="importmap">([^<]*)<\/script>/.exec(html) ?? []
  t.match(policy, `script-src 'self' 'sha256-${createHash('sha256').update(map).digest('base64')}';`)
  t.match(policy, /default-src 'none'/)
  t.match(policy, /connect-src 'self'/)
  t.match(policy, /frame-ancestors 'none'/)
  t.notMatch(policy, /unsafe|https?:|\*|data:/)
  t.notMatch(html.replace(map, ''), /<script(?![^>]*\bsrc=|[^>]*importmap)|<style|\sstyle=|\son\w+=/i)
  t.notMatch(html, /(?:src|href)="(?:https?:)?\/\//, 'nothing comes from elsewhere')
})

t.test('every module that the page may ever load is served, types stripped', async (t) => {
  const { url, html } = await thePage(t)
  const [, release = ''] = /"web\/([\w-]{16})\/main\.ts"/.exec(html) ?? []
  const modules = await modulesOf({ path: 'main.ts', url: new URL(`file://${ROOT}web/main.ts`) })
  const written = (await readdir(`${ROOT}web`, { recursive: true })).filter((name) => name.endsWith('.ts'))
  const known = new Set(modules.map(({ path }) => path))
  t.same(
    written.filter((name) => !known.has(name.replaceAll('\\', '/'))),
    [],
    'no module lies about unused',
  )
  for (const { path, isEager } of modules) {
    const file = await fetch(`${url}/web/${release}/${path}`)
    t.equal(file.status, 200, path)
    t.notMatch(await file.text(), /^\s*(?:interface|type) \w+|\bas const\b/m, path)
    t.equal(html.includes(`<link rel="modulepreload" href="web/${release}/${path}">`), isEager, path)
  }
})

t.test(`all of the page has ${MOST_BYTES} bytes at the most, compressed`, async (t) => {
  const { url, html } = await thePage(t)
  const [, release = ''] = /"web\/([\w-]{16})\/main\.ts"/.exec(html) ?? []
  const modules = await modulesOf({ path: 'main.ts', url: new URL(`file://${ROOT}web/main.ts`) })
  const others = [...html.matchAll(/(?:href|src)="(web\/[^"]+\.(?:css|svg))"/g)].map(([, path]) => `/${path}`)
  const paths = new Set(['/', ...others, ...modules.map(({ path }) => `/web/${release}/${path}`)])
  let bytes = 0
  for (const path of paths) bytes += await bytesOf(`${url}${path}`)
  t.comment(`${paths.size} files, ${bytes} bytes`)
  t.ok(bytes <= MOST_BYTES, `${bytes} bytes`)
})

t.test('the document is asked for again each time, its files never; both are spared to who has them', async (t) => {
  const { url, answer, paths } = await thePage(t)
  t.equal(answer.headers.get('cache-control'), 'no-cache')
  for (const path of ['', paths.find((one) => one.endsWith('main.ts')) ?? '']) {
    const whole = await fetch(`${url}/${path}`)
    const etag = whole.headers.get('etag') ?? ''
    t.match(etag, /^"[\w-]{43}(-\w+)?"$/)
    t.equal(whole.headers.get('vary'), 'Accept-Encoding')
    if (path !== '') t.equal(whole.headers.get('cache-control'), 'public, max-age=31536000, immutable')
    const text = await whole.text()
    for (const method of ['GET', 'HEAD']) {
      const again = await fetch(`${url}/${path}`, { method, headers: { 'if-none-match': etag } })
      t.same([again.status, await again.text()], [304, ''], `${method} ${path}`)
    }
    const other = await fetch(`${url}/${path}`, { headers: { 'if-none-match': '"other"' } })
    t.equal(await other.text(), text)
    const plain = await fetch(`${url}/${path}`, { headers: { 'accept-encoding': 'identity' } })
    t.equal(plain.headers.get('content-encoding'), null)
    t.equal(await plain.text(), text)
  }
})

t.test('no other file is served, nor one of another release', async (t) => {
  const { url, paths } = await thePage(t)
  const release = paths[0]?.split('/')[1] ?? ''
  for (const path of [
    `web/${release}/README.md`,
    `web/${release}/index.html`,
    `web/${release}/tsconfig.json`,
    `web/${release}/client/schema.d.ts`,
    `web/${release}/..%2f..%2fpackage.json`,
    `web/${release}/%2e%2e/package.json`,
    `web/${release}//etc/passwd`,
    `web/${release}/__proto__`,
    `web/${release}/`,
    `web/${release}`,
    'web/0000000000000000/main.ts',
    'web/main.ts',
    'web',
    'index.html',
    'package.json',
  ]) {
    t.equal(await statusOf(`${url}/${path}`), 404, path)
  }
})

t.test('a page of dozens of files does not use up the requests of a minute', async (t) => {
  const { url, paths } = await thePage(t, { RATE_LIMIT: '5' })
  for (const path of paths.slice(0, 10)) t.equal((await fetch(`${url}/${path}`)).status, 200, path)
})

t.test('a worker has no page', async (t) => {
  const { url } = await aService(t, { ROLE: 'worker', STORAGE_URL: 'redis://127.0.0.1:6379/9' })
  t.equal((await fetch(`${url}/`)).status, 404)
})

t.test('the service says nothing when the page is asked for, as of what Node may change', async (t) => {
  const service = await aServiceProcess(t, environmentFor(await aDirectory(t)))
  t.equal((await fetch(`${service.url}/`)).status, 200)
  await service.end('SIGTERM')
  t.notMatch(service.output(), /Warning/)
})

/** As the server understands it: fetch would mend the path. */
function statusOf(url: string): Promise<number | undefined> {
  const { host, port, origin } = new URL(url)
  return new Promise((resolve, reject) => {
    request({ host: host.split(':')[0], port, path: url.slice(origin.length) }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode))
    })
      .once('error', reject)
      .end()
  })
}

function bytesOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { 'accept-encoding': 'gzip, deflate, br, zstd' } }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      response.once('end', () => resolve(bytes))
    })
      .once('error', reject)
      .end()
  })
}
