import fastify from 'fastify'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { logRefusedOrigins } from '../../src/routes/cors.ts'
import { send } from '../support/raw-requests.ts'

const APP = 'https://app.example.com'

async function aServer(t: Test, corsOrigins: readonly string[]) {
  const lines: { level: number; msg: string; origin: string }[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const app = fastify()
  logRefusedOrigins(app, { corsOrigins, publicOrigin: 'https://rows.example.com' }, log)
  t.teardown(() => app.close())
  return { url: await app.listen({ port: 0 }), lines }
}

t.test(
  'an origin that may not call is named once, by a simple request or a preflight, with the setting to name it in',
  async (t) => {
    const { url, lines } = await aServer(t, [APP])
    const preflight = { 'access-control-request-method': 'POST' }
    await send(url, '/syncs', { origin: 'https://one.example' })
    await send(url, '/syncs', { origin: 'https://one.example' }, 'POST')
    await send(url, '/syncs', { origin: 'https://two.example', ...preflight }, 'OPTIONS')
    await send(url, '/syncs', { origin: 'null' })
    await send(url, '/syncs', { origin: `https://${'x'.repeat(1000)}.example` })
    t.match(lines, [
      { level: 40, origin: 'https://one.example', msg: /CORS_ORIGINS/ },
      { level: 40, origin: 'https://two.example', msg: /CORS_ORIGINS/ },
      { level: 40, origin: 'null', msg: /without an origin/ },
      { level: 40, origin: /^.{101}$/ },
    ])
  },
)

t.test('pages that may call, and callers that are no page, are not named', async (t) => {
  const { url, lines } = await aServer(t, [APP])
  const { host } = new URL(url)
  for (const headers of [
    {},
    { origin: APP },
    { origin: `http://${host}` },
    { origin: 'https://rows.example.com' },
    { origin: 'https://proxied.example', 'sec-fetch-site': 'same-origin' },
  ])
    await send(url, '/syncs', headers)
  const { url: open, lines: none } = await aServer(t, ['*'])
  await send(open, '/syncs', { origin: 'https://one.example' })
  t.same([...lines, ...none], [])
})

t.test('however many origins are made up, a hundred are named', async (t) => {
  const { url, lines } = await aServer(t, [])
  for (let n = 0; n < 105; n++) await send(url, '/syncs', { origin: `https://n${n}.example` })
  t.equal(lines.length, 100)
})
