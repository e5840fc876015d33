import { writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { ApiKeyEntry } from '../../src/api-keys-file.ts'
import { AppError } from '../../src/errors.ts'
import type { ServiceStatus } from '../../src/routes/status.ts'
import { type StatusParts, serviceStatus } from '../../src/status/service-status.ts'
import { ANYONE, type Caller } from '../../src/syncs/caller.ts'
import { ApiClient, someEntries } from '../support/callers.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { aRedisServer } from '../support/own-servers.ts'
import { whyNoRedisServer } from '../support/redis.ts'
import { aDirectory, anEmulator, aService } from '../support/service.ts'

const ID = '1Status-0123456789_abcdefghijklmnopqrstuvwxyz'

async function aKeyedService(t: Test, entries: readonly ApiKeyEntry[] = [], environment: Record<string, string> = {}) {
  const emulator = await anEmulator(t, {
    workbooks: [{ id: ID, title: 'S', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }],
  })
  const file = `${await aDirectory(t)}/keys.json`
  await writeFile(file, JSON.stringify({ keys: entries }))
  const keys: Record<string, string> = entries.length === 0 ? {} : { API_KEYS_FILE: file }
  return { ...(await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, ...keys, ...environment })), emulator }
}

const statusOf = (client: ApiClient) => client.json<ServiceStatus>('/status')

/** Asks until it is as wanted. */
async function until(client: ApiClient, isWanted: (status: ServiceStatus) => boolean): Promise<ServiceStatus> {
  for (;;) {
    const status = await statusOf(client)
    if (isWanted(status)) return status
    await delay(100)
  }
}

t.test('without keys everybody is told how the service stands', async (t) => {
  const { url, emulator } = await aKeyedService(t)
  const client = new ApiClient(url)
  await client.sync({ spreadsheet: ID })
  const status = await until(client, ({ instances }) => (instances?.length ?? 0) > 0)
  const { instance } = status
  t.match(status, {
    ...{ instance: /^instance-[0-9a-f]{8}$/, role: 'all', version: /^\d+\./, uptimeSeconds: Number },
    budgets: [{ name: 'default', limit: 6000, used: Number, waiting: 0, waitingUntil: null }],
    queue: { queued: 0, running: 0, waiting: 0 },
    syncs: { queued: 0, running: 0, cancelling: 0, interrupted: 0, succeeded: 1, failed: 0, cancelled: 0 },
    storage: { kind: 'file', healthy: true, error: null },
    instances: [{ id: instance, role: 'all', host: hostname(), since: String, lastSeenAt: String }],
    schedules: { active: 0, paused: 0 },
  })
  t.ok(Number(status.budgets?.[0]?.used) > 0)
  emulator.fail({ on: { times: 'always' }, do: { kind: 'hang' } })
  await client.start({ spreadsheet: ID, ifActive: 'start' })
  t.match(await until(client, ({ queue }) => queue?.running === 1), { queue: { queued: 0, running: 1, waiting: 0 } })
  const answer = await client.send('GET', '/status')
  t.equal(answer.headers.get('cache-control'), 'no-store')
})

t.test(
  'a key is told of its own syncs and of budgets that it may use, and of nobody else and no machine',
  async (t) => {
    const { entries, keys } = someEntries({ one: {}, two: { credentials: ['agency'] }, boss: { scopes: ['admin'] } })
    const { url, emulator } = await aKeyedService(t, Object.values(entries))
    const [one, two, boss] = [keys.one, keys.two, keys.boss].map((key) => new ApiClient(url, key)) as [
      ApiClient,
      ApiClient,
      ApiClient,
    ]
    await one.sync({ spreadsheet: ID })
    emulator.fail({ on: { times: 'always' }, do: { kind: 'hang' } })
    await one.start({ spreadsheet: ID })
    await until(boss, ({ queue }) => queue?.running === 1)
    t.match(await statusOf(one), {
      queue: { running: 1 },
      budgets: [{ name: 'default' }],
      instances: [],
      schedules: null,
      syncs: null,
    })
    t.match(await statusOf(two), { queue: { queued: 0, running: 0 }, instances: [], schedules: null, syncs: null })
    t.same((await statusOf(two)).budgets, [])
    t.notMatch(JSON.stringify([await statusOf(one), await statusOf(two)]), hostname())
    const all = await until(boss, ({ instances }) => (instances?.length ?? 0) > 0)
    t.match(all, {
      instances: [{ host: hostname() }],
      budgets: [{ name: 'default' }],
      schedules: { active: 0 },
      syncs: { succeeded: 1 },
    })
    t.equal(await new ApiClient(url).status('GET', '/status'), 401)
  },
)

t.test(
  'two instances on one Redis see each other, and one that ends no more',
  { skip: await whyNoRedisServer() },
  async (t) => {
    const { url: redis } = await aRedisServer(t)
    const [api, worker] = await Promise.all(
      ['api', 'all'].map((ROLE) => aKeyedService(t, [], { STORAGE_URL: redis, ROLE })),
    )
    const clients = [api, worker].map((service) => new ApiClient(service?.url ?? ''))
    for (const client of clients) {
      const { instances } = await until(client, (status) => status.instances?.length === 2)
      t.same(instances?.map(({ role }) => role).sort(), ['all', 'api'])
    }
    await worker?.close()
    const left = await until(clients[0] as ApiClient, (status) => status.instances?.length === 1)
    t.match(left, { storage: { kind: 'redis', healthy: true }, instances: [{ id: left.instance, role: 'api' }] })
  },
)

function parts(more: Partial<StatusParts>): StatusParts {
  const budget = (name: string) => ({ name, project: 'p', limit: 60, used: 1, waiting: 0, waitingUntil: null })
  return {
    ...{ instance: 'instance-1', role: 'all', version: '1', storageKind: 'file', clock: new FakeClock() },
    checkReady: async () => {},
    budgets: async () => ['default', 'agency', 'agency as ann@example.com', 'token 0123456789abcdef'].map(budget),
    credentialOf: (account) => (account.startsWith('token ') ? undefined : account.split(' ')[0]),
    queue: async () => ({ queued: 0, running: 0, waiting: 0 }),
    syncs: async () => ({
      queued: 0,
      running: 0,
      cancelling: 0,
      interrupted: 0,
      succeeded: 0,
      failed: 0,
      cancelled: 0,
    }),
    instances: async () => [],
    schedules: async () => ({ active: 0, paused: 0 }),
    ...more,
  }
}

t.test('the names of people and the budgets of their tokens are told to whom they concern', async (t) => {
  const status = serviceStatus(parts({}))
  const names = async (caller: Partial<Caller>) =>
    (await status({ ...ANYONE, name: 'key', seesAll: false, mayActAs: false, ...caller })).budgets?.map(
      ({ name }) => name,
    )
  t.same(await names({ credentials: 'all' }), ['default', 'agency'])
  t.same(await names({ credentials: undefined }), ['default'])
  t.same(await names({ credentials: 'all', mayActAs: true }), ['default', 'agency', 'agency as ann@example.com'])
  t.same(await names({ credentials: new Set(), identities: ['0123456789abcdef0123'] }), ['token 0123456789abcdef'])
  t.equal((await names({ seesAll: true }))?.length, 4)
})

t.test('what fails or hangs is left out, and the storage is told to be ill', async (t) => {
  const clock = new FakeClock()
  const never = () => new Promise<never>(() => {})
  const told = serviceStatus(
    parts({
      ...{ clock, budgets: never, instances: () => Promise.reject(new Error('no')) },
      checkReady: () => Promise.reject(new AppError('STORAGE_FULL', 'No space is left.')),
    }),
  )(ANYONE)
  await clock.advance(2000)
  t.match(await told, {
    ...{ budgets: null, instances: null, queue: { queued: 0 } },
    storage: { healthy: false, error: { code: 'STORAGE_FULL', detail: 'No space is left.' } },
  })
  const hung = serviceStatus(parts({ clock, checkReady: never }))(ANYONE)
  await clock.advance(2000)
  t.match((await hung).storage, { healthy: false, error: { code: 'STORAGE_UNAVAILABLE' } })
})
