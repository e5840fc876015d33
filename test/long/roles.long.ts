import { setTimeout as delay } from 'node:timers/promises'
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
    const common = {
      ...environmentFor(await aDirectory(t)),
      STORAGE_URL: await STORAGES[kind](t),
      SWEEP_INTERVAL: '1s',
    }
    const environment = { ...common, GOOGLE_API_ROOT_URL: emulator.rootUrl }
    const api = await aServiceProcess(t, { ...common, ROLE: 'api' })
    const queued = await startSync(api.url, { spreadsheet: ID })

    await t.test('an API answers, and runs nothing', async (t) => {
      t.equal((await fetch(`${api.url}/readyz`)).status, 200)
      t.match(await getSync(api.url, queued.id), { state: 'queued', attempt: 0 })
      t.equal(emulator.count(), 0)
      t.notMatch(api.output(), /No Google credential/, 'it needs none')
      t.match(api.output(), `"docs":"${api.url}/docs"`)
    })

    const worker = await aServiceProcess(t, { ...environment, ROLE: 'worker' })

    await t.test('a worker runs what an API has recorded, and serves nothing but its health', async (t) => {
      t.match(await pollUntil(api.url, queued.id, finished), { state: 'succeeded', attempt: 1 })
      const rows = await fetch(`${api.url}/spreadsheets/${ID}/tabs/People`)
      t.same(await rows.json(), [{ Name: 'Ada' }, { Name: 'Grace' }])
      const statusOf = async (path: string) => (await fetch(`${worker.url}${path}`)).status
      t.equal(await statusOf('/livez'), 200)
      // It takes syncs before it has found all that earlier processes left, and is ready only then.
      while ((await statusOf('/readyz')) !== 200) await delay(50)
      for (const path of ['/syncs', `/syncs/${queued.id}`, `/spreadsheets/${ID}`, '/docs', '/openapi.json'])
        t.equal(await statusOf(path), 404, path)
      t.notMatch(worker.output(), '/docs')
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
