import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { send } from '../support/raw-requests.ts'
import {
  aDirectory,
  aFreePort,
  anEmulator,
  aServiceProcess,
  environmentFor,
  getSync,
  pollUntil,
  startSync,
} from '../support/service.ts'
import { aConfinedService } from './support/confined-service.ts'

const ID = '1Rebound-0123456789_abcdefghijklmnopqrstuvwx'
const EVIL = 'http://evil.example'

/** What a page of another site would like to do, with and without effect. */
const wishes = (syncId: string): readonly (readonly [method: string, path: string])[] => [
  ['GET', '/syncs'],
  ['GET', `/syncs/${syncId}`],
  ['GET', `/syncs/${syncId}/events`],
  ['GET', `/syncs/${syncId}/files`],
  ['GET', `/spreadsheets/${ID}`],
  ['GET', `/spreadsheets/${ID}/tabs/T`],
  ['GET', '/openapi.json'],
  ['GET', '/docs'],
  ['POST', '/syncs'],
  ['POST', `/syncs/${syncId}/cancel`],
  ['POST', `/syncs/${syncId}/retry`],
  ['DELETE', `/syncs/${syncId}`],
]

t.test('a page of another site, rebound or not, gets nothing of a keyless service and changes nothing', async (t) => {
  const book = { id: ID, title: 'Rebound', tabs: [tabFromRows(0, 'T', [['H'], [1]])] }
  const emulator = await anEmulator(t, { workbooks: [book], latency: { baseMs: 60_000 } })
  const service = await aConfinedService(t, { environment: { GOOGLE_API_ROOT_URL: emulator.rootUrl } })
  const { url } = service
  const { port } = new URL(url)
  const { id } = await startSync(url, { spreadsheet: ID })
  const rebound = { host: `evil.example:${port}`, origin: `${EVIL}:${port}`, 'sec-fetch-site': 'same-origin' }
  const pages: Record<string, Record<string, string>> = {
    'rebound page': rebound,
    'rebound page of an older browser': { host: rebound.host, origin: rebound.origin },
    'rebound page behind a believed proxy': { ...rebound, 'x-forwarded-host': 'localhost' },
    'page of another site': { origin: EVIL, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    'page of another port': {
      origin: 'http://localhost:5173',
      'sec-fetch-site': 'same-site',
      'sec-fetch-mode': 'cors',
    },
    'page of another site in an older browser': { origin: EVIL },
    'sandboxed frame': { origin: 'null', 'sec-fetch-site': 'cross-site' },
  }
  let asked = 0
  for (const [page, headers] of Object.entries(pages)) {
    for (const [method, path] of wishes(id)) {
      const { status, body } = await send(url, path, headers, method)
      asked += 1
      const refused = page.startsWith('rebound') ? [421, 'HOST_NOT_ALLOWED'] : [403, 'CROSS_SITE_REFUSED']
      t.same([status, body.code], refused, `${page}: ${method} ${path}`)
    }
  }
  t.match(await getSync(url, id), { state: /queued|running/ }, 'the sync is as it was')
  t.comment(`0 of ${asked} requests of foreign pages were served`)

  await service.resetPeak()
  const before = await service.memoryMb()
  for (let round = 0; round < 20; round += 1) {
    const hosts = Array.from({ length: 100 }, (_, index) => `${'x'.repeat(8000)}.${round}.${index}.example`)
    const answers = await Promise.all(hosts.map((host) => send(url, '/syncs', { host })))
    if (!answers.every(({ status }) => status === 421)) t.fail('one was served')
  }
  const grown = (await service.peakMb()) - before
  t.ok(grown < 100, 'no Host is remembered')
  t.comment(`2,000 hosts of 8,000 characters: peak ${grown.toFixed(0)} MB above ${before.toFixed(0)} MB`)
})

t.test('* without keys does not start, and says why in one line', async (t) => {
  for (const more of [{}, { INSECURE: '1', HOST: '0.0.0.0' }]) {
    await t.rejects(aServiceProcess(t, { ...environmentFor(await aDirectory(t)), CORS_ORIGINS: '*', ...more }), {
      message: /ended with 1 [\s\S]*wrong:\n {2}CORS_ORIGINS may only be \* with API_KEYS: [^\n]*\n$/,
    })
  }
})

t.test('on all addresses with INSECURE=1 this machine is served, and what ALLOWED_HOSTS names', async (t) => {
  const port = String(await aFreePort())
  const service = await aServiceProcess(t, {
    ...environmentFor(await aDirectory(t)),
    HOST: '0.0.0.0',
    PORT: port,
    INSECURE: '1',
    ALLOWED_HOSTS: 'sheets.example.com',
  })
  const statuses = [`127.0.0.1:${port}`, 'localhost:8080', 'sheets.example.com', `0.0.0.0:${port}`, `10.0.0.7:${port}`]
  const answers = await Promise.all(statuses.map((host) => send(service.url, '/syncs', { host })))
  t.same(
    answers.map(({ status }) => status),
    [200, 200, 200, 421, 421],
  )
  const { id } = await startSync(service.url, { spreadsheet: ID })
  t.ok(await pollUntil(service.url, id, ({ finishedAt }) => finishedAt !== null), 'at the address that the log names')
})
