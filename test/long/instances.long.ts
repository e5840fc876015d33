import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { openEvents, openListEvents } from '../support/event-client.ts'
import { aRedisServer } from '../support/own-servers.ts'
import { aDatabaseUrl, isThere } from '../support/queue-servers.ts'
import { anOwnRedis } from '../support/redis.ts'
import {
  aDirectory,
  anEmulator,
  aServiceProcess,
  environmentFor,
  finished,
  pollUntil,
  startSync,
} from '../support/service.ts'

const ID = '1Instances-0123456789_abcdefghijklmnopqrstuvw'
const HEADERS = { 'content-type': 'application/json' }

const STORAGES = {
  redis: async (t: Test) => (await aRedisServer(t)).url,
  postgres: aDatabaseUrl,
} as const

for (const kind of ['redis', 'postgres'] as const) {
  const skip = (await isThere(kind)) ? false : `no ${kind} here`
  t.test(`two APIs and a worker on ${kind}`, { skip }, async (t) => {
    const rows = Array.from({ length: 50 }, (_, row) => [row, `row ${row}`])
    const emulator = await anEmulator(t, {
      workbooks: [{ id: ID, title: 'Shared', tabs: [tabFromRows(0, 'Rows', [['n', 'text'], ...rows])] }],
    })
    const environment = {
      ...environmentFor(await aDirectory(t)),
      STORAGE_URL: await STORAGES[kind](t),
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
      STATUS_TTL: '1s',
      SWEEP_INTERVAL: '500ms',
    }
    const [one, other] = await Promise.all([
      aServiceProcess(t, { ...environment, ROLE: 'api' }),
      aServiceProcess(t, { ...environment, ROLE: 'api' }),
      aServiceProcess(t, { ...environment, ROLE: 'worker' }),
    ])

    await t.test('a stream of the list at one tells of a sync of the other from its beginning on', async (t) => {
      const stream = (await openListEvents(other.url, '?label=test=list')).read()
      await stream.until(({ events }) => events.length === 1)
      const body = { spreadsheet: ID, ifActive: 'start', labels: { test: 'list' } } as const
      const { id } = await startSync(one.url, body)
      await startSync(one.url, { ...body, labels: {} })
      await stream.until(({ events }) => events.some(({ data }) => JSON.parse(data).state === 'succeeded'))
      const told = stream.events.filter(({ event }) => event === 'sync').map(({ data }) => JSON.parse(data) as SyncView)
      t.ok(
        told.every((sync) => sync.id === id),
        'and of no other',
      )
      t.ok(Date.now() - Date.parse(told.at(-1)?.finishedAt ?? '') < 1500)
      stream.close()
    })

    await t.test('a stream at one tells what the worker does with a sync of the other, up to its end', async (t) => {
      emulator.setLatency({ baseMs: 200 })
      const { id } = await startSync(one.url, { spreadsheet: ID, ifActive: 'start' })
      const stream = (await openEvents(other.url, id)).read()
      t.equal(await stream.ended, true)
      const told = stream.events.map(({ data }) => JSON.parse(data) as SyncView)
      t.match(told.at(-1), { id, state: 'succeeded', progress: { percent: 100 } })
      t.ok(told.length > 2, `${told.length} events`)
      t.same(
        told.map(({ revision }) => revision),
        told.map(({ revision }) => revision).sort((first, second) => first - second),
        'in the order in which it happened',
      )
    })

    await t.test('who waits at one is answered when the worker is done', async (t) => {
      const { id } = await startSync(other.url, { spreadsheet: ID, ifActive: 'start' })
      const answer = await fetch(`${one.url}/syncs/${id}`, { headers: { prefer: 'wait=20' } })
      t.match(await answer.json(), { state: 'succeeded' })
      t.match(answer.headers.get('preference-applied'), /wait=20/)
    })

    await t.test('a hundred posts of one key at both start one sync', async (t) => {
      const body = JSON.stringify({ spreadsheet: ID, ifActive: 'start' })
      const post = async (at: number): Promise<string> => {
        const headers = { ...HEADERS, 'idempotency-key': 'a hundred times' }
        const answer = await fetch(`${at % 2 ? one.url : other.url}/syncs`, { method: 'POST', headers, body })
        if (answer.status === 409) return post(at)
        t.equal(answer.status, 202)
        return ((await answer.json()) as SyncView).id
      }
      const ids = new Set(await Promise.all(Array.from({ length: 100 }, (_, at) => post(at))))
      t.equal(ids.size, 1)
      await pollUntil(one.url, [...ids][0] ?? '', finished)
    })

    await t.test('after its TTL a sync is forgotten by Redis, and kept in the list by PostgreSQL', async (t) => {
      const { id } = await startSync(one.url, { spreadsheet: ID, ifActive: 'start' })
      await pollUntil(other.url, id, finished)
      const list = async () =>
        ((await (await fetch(`${other.url}/syncs?pageSize=1000`)).json()) as { syncs: SyncView[] }).syncs.map(
          (sync) => sync.id,
        )
      const sentinel = await startSync(one.url, { spreadsheet: ID, ifActive: 'start' })
      const { finishedAt } = await pollUntil(other.url, sentinel.id, finished)
      if (kind === 'redis') {
        while ((await list()).includes(id)) await delay(50)
        t.equal((await fetch(`${other.url}/syncs/${id}`)).status, 404)
      } else {
        // Two sweeps later than the end of its TTL.
        await delay(Math.max(0, Date.parse(finishedAt ?? '') + 2500 - Date.now()))
        t.ok((await list()).includes(id))
      }
    })
  })
}

t.test(
  'a Redis that may evict is told by /readyz, with the setting',
  { skip: !(await isThere('redis')) },
  async (t) => {
    const redis = await anOwnRedis(t, ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'])
    const { url } = await aServiceProcess(t, { ...environmentFor(await aDirectory(t)), STORAGE_URL: redis.url })
    const ask = async () => {
      const answer = await fetch(`${url}/readyz`)
      return { status: answer.status, problem: (await answer.json()) as { detail: string; hint?: string } }
    }
    let readiness = await ask()
    while (/still being looked through/.test(readiness.problem.detail)) {
      await delay(50)
      readiness = await ask()
    }
    t.match(readiness, { status: 503, problem: { detail: /maxmemory-policy/ } })
  },
)
