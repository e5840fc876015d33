import { readFile } from 'node:fs/promises'
import t from 'tap'
import { type Client, createClient, revisionTag } from '../../client/src/index.ts'
import { ROOT } from '../support/service.ts'
import { aStandIn, aView, ID, sendJson } from './stand-in.ts'

/** Operations that are no business of the client, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  livez: 'asked by whoever runs the service',
  readyz: 'asked by whoever runs the service',
  metrics: 'read by Prometheus',
}

const CALLS: { readonly [Name in keyof Client]: (client: Client) => Promise<unknown> } = {
  startSync: (client) => client.startSync({ spreadsheet: 'the-spreadsheet' }),
  getSync: (client) => client.getSync(ID),
  waitForSync: (client) => client.waitForSync(ID),
  listSyncs: (client) => client.listSyncs(),
  watchSyncs: async (client) => {
    for await (const event of client.watchSyncs()) return event
  },
  cancel: (client) => client.cancel(ID),
  retry: (client) => client.retry(ID),
  redeliverWebhook: (client) => client.redeliverWebhook(ID),
  deleteSync: (client) => client.deleteSync(ID, { ifMatch: revisionTag({ revision: 7 }) }),
  listFiles: (client) => client.listFiles(ID),
  openFile: async (client) => (await client.openFile(ID, 'orders-0.json')).text(),
  getSpreadsheet: (client) => client.getSpreadsheet('the-spreadsheet'),
  listSnapshots: (client) => client.listSnapshots('the-spreadsheet'),
  eraseSpreadsheet: (client) => client.eraseSpreadsheet('the-spreadsheet'),
  createSchedule: (client) =>
    client.createSchedule({ name: 'Hourly', request: { spreadsheet: 'the-spreadsheet' }, every: '1h' }),
  listSchedules: (client) => client.listSchedules(),
  getSchedule: (client) => client.getSchedule(ID),
  changeSchedule: (client) => client.changeSchedule(ID, { every: '2h' }, { ifMatch: revisionTag({ revision: 7 }) }),
  deleteSchedule: (client) => client.deleteSchedule(ID, { ifMatch: revisionTag({ revision: 7 }) }),
  runSchedule: (client) => client.runSchedule(ID),
  pauseSchedule: (client) => client.pauseSchedule(ID),
  resumeSchedule: (client) => client.resumeSchedule(ID),
  me: (client) => client.me(),
  status: (client) => client.status(),
  credentials: (client) => client.credentials(),
  readTab: (client) => client.readTab('the-spreadsheet', 'Orders'),
  rows: (client) => client.rows('the-spreadsheet', 'Orders'),
  eachRow: async (client) => {
    for await (const row of client.eachRow('the-spreadsheet', 'Orders')) return row
  },
  query: (client) => client.query('the-spreadsheet', { sql: 'SELECT 1' }),
  schema: (client) => client.schema('the-spreadsheet', 'Orders'),
  changes: (client) => client.changes('the-spreadsheet', 'Orders', { since: ID, key: ['Order'] }),
}

t.test('the methods of the client call every operation of the OpenAPI document', async (t) => {
  const { paths } = JSON.parse(await readFile(`${ROOT}openapi/openapi.json`, 'utf8'))
  const operations = Object.entries<Record<string, { operationId: string }>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({
      operationId,
      pattern: new RegExp(`^${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '[^/?]+')}(?:\\?.*)?$`),
    })),
  )
  const { url, asked } = await aStandIn(t, (path, reply) => {
    if (path.endsWith('/events')) {
      reply.writeHead(200, { 'content-type': 'text/event-stream' })
      return reply.end(`event: sync\ndata: ${JSON.stringify(aView(2, true))}\n\n`)
    }
    return sendJson(reply, 200, { ...aView(1), files: [], rows: [], nextCursor: null })
  })
  const client = createClient({ baseUrl: url })
  t.same(Object.keys(CALLS).sort(), Object.keys(client).sort(), 'every method is called here')
  for (const call of Object.values(CALLS)) await call(client)
  const called = operations.filter(({ pattern }) => asked.some(({ method, path }) => pattern.test(`${method} ${path}`)))
  t.same(
    [...called.map(({ operationId }) => operationId), ...Object.keys(LEFT_OUT)].sort(),
    operations.map(({ operationId }) => operationId).sort(),
  )
  t.equal(asked.find(({ method }) => method === 'DELETE')?.headers['if-match'], '"7"')
})
