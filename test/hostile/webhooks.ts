import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import pMap from 'p-map'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { anEmulator } from '../support/service.ts'
import { aConfinedService } from './support/confined-service.ts'

const ID = '1Webhooks-0123456789_abcdefghijklmnopqrstuv'

/** Listens on every address of loopback, each of which is a host of its own; resolves to the URL of one of them. */
async function receivers(t: Test, listener: RequestListener): Promise<(host: number) => string> {
  const server = createServer(listener).listen(0, '0.0.0.0')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return (host) => `http://127.0.1.${host}:${port}/`
}

async function aWorld(t: Test) {
  const emulator = await anEmulator(t, {
    workbooks: [{ id: ID, title: 'Told', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }],
  })
  const { setting, keys } = someKeys({ one: ['read', 'write'], other: ['read', 'write'] })
  const { url } = await aConfinedService(t, {
    environment: {
      API_KEYS: setting,
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
      WEBHOOK_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
      WEBHOOK_INSECURE: '1',
      // A fast machine would meet this limit before that of redeliveries.
      RATE_LIMIT: 'off',
    },
  })
  return { one: new ApiClient(url, keys.one), other: new ApiClient(url, keys.other) }
}

t.test('twenty hosts of one owner that hang hold up neither another owner nor its own other hosts', async (t) => {
  const { one, other } = await aWorld(t)
  let hanging = 0
  const hangs = await receivers(t, () => {
    hanging += 1
  })
  const arrivals = new Map<string, number>()
  const takes = await receivers(t, (request, response) => {
    request.on('data', (chunk: Buffer) => arrivals.set(JSON.parse(chunk.toString()).data.id, Date.now()))
    request.on('end', () => response.writeHead(204).end())
  })
  const told = Array.from({ length: 80 }, (_, at) => hangs(1 + (at % 20)))
  const end = async (url: string) => {
    const { id } = await one.start({ spreadsheet: ID, ifActive: 'start', webhook: { url } })
    await one.status('POST', `/syncs/${id}/cancel`)
  }
  await pMap(told, end, { concurrency: 8 })
  while (hanging < 20) await delay(20)
  const lateness = async (client: ApiClient, host: number) => {
    const webhook = { url: takes(host) }
    const { id, finishedAt } = await client.sync({ spreadsheet: ID, ifActive: 'start', webhook })
    while (!arrivals.has(id)) await delay(5)
    return (arrivals.get(id) ?? 0) - Date.parse(finishedAt ?? '')
  }
  const others = [await lateness(other, 100), await lateness(other, 101)]
  const own = await lateness(one, 102)
  t.comment(`${hanging} attempts hang; of another owner ${others.join(' and ')} ms late, of the same owner ${own} ms`)
  t.ok(Math.max(...others, own) < 5000)
})

t.test('a loop of redeliveries sends five messages a minute', async (t) => {
  const { one } = await aWorld(t)
  let posts = 0
  const takes = await receivers(t, (_, response) => {
    posts += 1
    response.writeHead(204).end()
  })
  const { id } = await one.sync({ spreadsheet: ID, webhook: { url: takes(1) } })
  const until = Date.now() + 5000
  const answers = new Map<number, number>()
  let retryAfter: string | null = null
  while (Date.now() < until) {
    const answer = await one.send('POST', `/syncs/${id}/webhook/redeliver`)
    answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1)
    retryAfter ??= answer.headers.get('retry-after')
    await answer.arrayBuffer()
  }
  t.comment(`${posts} messages of ${JSON.stringify(Object.fromEntries(answers))} requests in 5 s`)
  t.equal(posts, 5)
  t.match(retryAfter, /^\d+$/)
  const refused = await one.send('POST', `/syncs/${id}/webhook/redeliver`)
  t.match(await refused.json(), { code: 'WEBHOOK_SENT_OFTEN' })
  const { webhook } = await one.json<SyncView>(`/syncs/${id}`)
  t.equal(webhook?.state, 'delivered')
})
