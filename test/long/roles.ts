import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { aRedisServer } from '../support/own-servers.ts'
import { aDatabaseUrl, isThere } from '../support/queue-servers.ts'
import {
  aDirectory,
  anEmulator,
  aServiceProcess,
  environmentFor,
  finished,
  getSync,
  pollUntil,
  startSync,
} from '../support/service.ts'

const ID = '1Roles-0123456789_abcdefghijklmnopqrstuvwxyz'

const STORAGES = {
  redis: async (t: Test) => (await aRedisServer(t)).url,
  postgres: aDatabaseUrl,
} as const

for (const kind of ['redis', 'postgres'] as const) {
  const skip = (await isThere(kind)) ? false : `no ${kind} here`
  t.test(`the roles of a service on ${kind}`, { skip }, async (t) => {
    const emulator = await anEmulator(t, {
      workbooks: [{ id: ID, title: 'Shared', tabs: [tabFromRows(0, 'People', [['Name'], ['Ada'], ['Grace']])] }],
    })
    const environment = {
      ...environmentFor(await aDirectory(t)),
      STORAGE_URL: await STORAGES[kind](t),
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
      SWEEP_INTERVAL: '1s',
    }
    const api = await aServiceProcess(t, { ...environment, ROLE: 'api' })
    const queued = await startSync(api.url, { spreadsheet: ID })

    await t.test('an API answers, and runs nothing', async (t) => {
      t.equal((await fetch(`${api.url}/readyz`)).status, 200)
      t.match(await getSync(api.url, queued.id), { state: 'queued', attempt: 0 })
      t.equal(emulator.count(), 0)
    })

    const worker = await aServiceProcess(t, { ...environment, ROLE: 'worker' })

    await t.test('a worker runs what an API has recorded, and serves nothing but its health', async (t) => {
      t.match(await pollUntil(api.url, queued.id, finished), { state: 'succeeded', attempt: 1 })
      const rows = await fetch(`${api.url}/spreadsheets/${ID}/tabs/People`)
      t.same(await rows.json(), [{ Name: 'Ada' }, { Name: 'Grace' }])
      const statusOf = async (path: string) => (await fetch(`${worker.url}${path}`)).status
      t.equal(await statusOf('/livez'), 200)
      t.equal(await statusOf('/readyz'), 200)
      for (const path of ['/syncs', `/syncs/${queued.id}`, `/spreadsheets/${ID}`, '/docs', '/openapi.json'])
        t.equal(await statusOf(path), 404, path)
    })

    await t.test('a cancel that an API takes is seen by the worker within 2 s', async (t) => {
      emulator.fail({ on: { kind: 'values.batchGet', times: 'always' }, do: { kind: 'hang' } })
      const { id } = await startSync(api.url, { spreadsheet: ID, ifActive: 'start' })
      await pollUntil(api.url, id, (sync) => sync.progress.phase === 'downloading')
      const before = performance.now()
      t.equal((await fetch(`${api.url}/syncs/${id}/cancel`, { method: 'POST' })).status, 202)
      t.match(await pollUntil(api.url, id, finished), { state: 'cancelled' })
      t.ok(performance.now() - before < 2000, `${Math.round(performance.now() - before)} ms`)
    })

    await t.test('a worker that is asked to stop gives back what it runs, and the next one ends it', async (t) => {
      const { id } = await startSync(api.url, { spreadsheet: ID, ifActive: 'start' })
      await pollUntil(api.url, id, (sync) => sync.progress.phase === 'downloading')
      t.equal(await worker.end('SIGTERM'), 0)
      t.match(await getSync(api.url, id), { state: 'interrupted' })
      emulator.clearFaults()
      const next = await aServiceProcess(t, { ...environment, ROLE: 'worker' })
      t.match(await pollUntil(api.url, id, finished), { state: 'succeeded', attempt: 2 })
      for (const one of [api, next]) t.equal(await one.end('SIGTERM'), 0)
    })
  })
}
