import t from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { send } from '../support/raw-requests.ts'
import { aService } from '../support/service.ts'

const EVIL = 'https://evil.example'
const APP = 'https://app.example.com'

t.test('a browser says by Sec-Fetch-Site whose page it is, and that decides', async (t) => {
  const { url } = await aService(t, { CORS_ORIGINS: `${APP},http://localhost:5173` })
  const { host } = new URL(url)
  const status = async (site: string, headers: Record<string, string> = {}, method = 'GET', path = '/syncs') =>
    (await send(url, path, { 'sec-fetch-site': site, ...headers }, method)).status
  const cancel = `/syncs/${newSyncId()}/cancel`
  for (const site of ['same-origin', 'none']) {
    t.equal(await status(site), 200)
    for (const origin of [EVIL, 'null', `http://${host}`]) {
      t.equal(await status(site, { origin }), 200, 'whatever the Origin: a proxy may stand in between')
      t.equal(await status(site, { origin }, 'POST', cancel), 404)
    }
  }
  for (const site of ['same-site', 'cross-site', 'another', '']) {
    t.equal(await status(site), 403, 'an image, a script')
    t.equal(await status(site, { 'sec-fetch-mode': 'cors' }), 403)
    for (const origin of [EVIL, 'null', `http://${host}`, `${APP}.evil.example`, APP.replace('s', '')]) {
      t.equal(await status(site, { origin }), 403, origin)
      t.equal(await status(site, { origin }, 'POST', cancel), 403, origin)
    }
    for (const origin of [APP, 'http://localhost:5173']) {
      t.equal(await status(site, { origin }), 200, origin)
      t.equal(await status(site, { origin }, 'POST', cancel), 404, origin)
    }
    const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    t.equal(await status(site, link), 200, 'a link')
    t.equal(await status(site, link, 'HEAD'), 200)
    t.equal(await status(site, { ...link, origin: EVIL }, 'POST', cancel), 403, 'a form')
    t.equal(await status(site, { ...link, origin: 'null' }, 'POST', '/syncs'), 403)
  }
  t.equal(await status('cross-site', { host: 'evil.example', origin: APP }), 421, 'the host comes first')
})

t.test('an older browser says it by Origin, and what says nothing is no browser', async (t) => {
  const { url } = await aService(t, {
    CORS_ORIGINS: APP,
    PUBLIC_URL: 'https://rows.example.com:8443/x/',
    ALLOWED_HOSTS: 'sheets.example.com',
  })
  const status = async (origin: string, host = 'sheets.example.com', method = 'POST') =>
    (await send(url, `/syncs/${newSyncId()}/cancel`, { host, origin }, method)).status
  for (const [origin, host] of [
    ['http://sheets.example.com', 'sheets.example.com'],
    ['https://sheets.example.com', 'sheets.example.com'],
    ['https://sheets.example.com', 'sheets.example.com:443'],
    ['http://sheets.example.com:3000', 'Sheets.example.com:3000'],
    ['http://localhost:3000', 'localhost:3000'],
    ['http://[::1]:3000', '[::1]:3000'],
    ['https://rows.example.com:8443', 'localhost:3000'],
    [APP, 'localhost:3000'],
  ] as const)
    t.equal(await status(origin, host), 404, `${origin} at ${host}`)
  for (const [origin, host] of [
    [EVIL, 'sheets.example.com'],
    ['null', 'sheets.example.com'],
    ['', 'sheets.example.com'],
    ['http://sheets.example.com:81', 'sheets.example.com'],
    ['http://sheets.example.com', 'sheets.example.com:443'],
    ['http://localhost:5173', 'localhost:3000'],
    ['http://127.0.0.1:3000', 'localhost:3000'],
    ['https://rows.example.com', 'sheets.example.com'],
    ['foo://localhost:3000', 'localhost:3000'],
    [`${APP}, ${APP}`, 'localhost'],
  ] as const)
    t.equal(await status(origin, host), 403, `${origin} at ${host}`)
  t.equal((await send(url, '/syncs', {}, 'POST')).status, 400, 'curl')
})

t.test('a POST without a body, which needs no preflight, is refused with the setting to change', async (t) => {
  const { url } = await aService(t, {})
  const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', origin: EVIL }
  const refused = await send(url, `/syncs/${newSyncId()}/cancel`, headers, 'POST')
  t.match(refused, { status: 403, body: { code: 'CROSS_SITE_REFUSED', detail: /evil\.example/, hint: /CORS_ORIGINS/ } })
})

t.test('a preflight is answered as before to the origins that are named, and refused to others', async (t) => {
  const { url } = await aService(t, { CORS_ORIGINS: APP })
  const preflight = (origin: string) =>
    send(
      url,
      '/syncs',
      {
        origin,
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'cors',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
      'OPTIONS',
    )
  const allowed = await preflight(APP)
  t.equal(allowed.status, 204)
  t.equal(allowed.headers['access-control-allow-origin'], APP)
  t.equal((await preflight(EVIL)).status, 403)
})
