import t, { type Test } from 'tap'
import { KeyRing, parseApiKeys } from '../../src/api-keys.ts'
import { AppError } from '../../src/errors.ts'
import { toProblem } from '../../src/model/problem.ts'
import type { Sync } from '../../src/model/sync.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { cancelSync, claimSync, failSync } from '../../src/syncs/sync.ts'
import { anApp } from '../support/app.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { type EventClient, openListEvents } from '../support/event-client.ts'
import { type FakeClock, settle } from '../support/fake-clock.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { aQueuedSync } from '../support/syncs.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')
const _ID = '1ListedByTheTests-0123456789_abcdefghijklmnopq'

/** A storage whose watchers can be told that it has lost sight of its changes. */
class WatchedStorage extends MemoryStorage {
  loseSight: () => void = () => {}

  override watchAll(onChange: (id: string | undefined) => void) {
    this.loseSight = () => onChange(undefined)
    return super.watchAll(onChange)
  }
}

/** Lets time pass, a round of notifications after the other, until the stream has told what is waited for. */
async function pass(clock: FakeClock, client: EventClient, condition: (client: EventClient) => boolean): Promise<void> {
  while (!condition(client)) await clock.advance(250)
}

t.test('the beginning, the progress, the end and the removal of each sync are told', async (t) => {
  const { url, storage, clock, service } = await anAppWithKeys(t)
  const old = aQueuedSync()
  await storage.create(old)
  const client = (await openListEvents(url)).read()
  t.equal(client.status, 200)
  t.match(client.response.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  await pass(clock, client, ({ events }) => events.length === 1)
  t.equal(client.retryMs, 2000)
  const sync = aQueuedSync()
  const running = claimSync(sync, 'an owner', NOW)
  const told = (count: number) => pass(clock, client, ({ events }) => events.length === count)
  await storage.create(sync)
  await told(2)
  await storage.replace(running, 1)
  await told(3)
  await storage.replace(cancelSync(running, NOW, 1000), 2)
  await told(4)
  await storage.remove(sync.id, 3)
  await told(5)
  t.same(summaryOf(client), [
    'ready',
    `${sync.id} 1 queued`,
    `${sync.id} 2 running`,
    `${sync.id} 3 cancelled`,
    `-${sync.id}`,
  ])
  t.equal(client.events[2]?.id, `${sync.id} 2`)
  await storage.replace(claimSync(old, 'an owner', NOW), 1)
  await pass(clock, client, ({ events }) => events.length === 6)
  t.same(viewOf(client, 5), await (await fetch(`${url}/syncs/${old.id}`)).json(), 'as GET answers it')
  client.close()
  while (service.listSubscriptions.size > 0 || clock.sleepers > 0) await settle()
  t.pass('nothing is watched any more, and no timer is left')
})

t.test('changes of one sync are merged to four a second, and each is read once for all streams', async (t) => {
  const { url, storage, clock } = await anAppWithKeys(t)
  const [sync, ...others] = [aQueuedSync(), ...Array.from({ length: 50 }, () => aQueuedSync())]
  for (const each of [sync, ...others]) await storage.create(each)
  const clients = await Promise.all(Array.from({ length: 3 }, async () => (await openListEvents(url)).read()))
  let reads = 0
  const { get } = storage
  storage.get = (id) => {
    reads++
    return get.call(storage, id)
  }
  for (let revision = 2; revision <= 101; revision++) {
    await storage.replace({ ...sync, revision }, revision - 1)
    await clock.advance(10)
  }
  await clock.advance(250)
  for (const client of clients) {
    await pass(clock, client, ({ lastEventId }) => lastEventId === `${sync.id} 101`)
    t.ok(client.events.length <= 6, `${client.events.length} events of 100 changes in a second`)
  }
  t.ok(reads <= 5, `${reads} reads`)
})

t.test('a stream tells of its filter alone, and of what leaves it', async (t) => {
  const { url, storage, clock } = await anAppWithKeys(t)
  const [sales, ops] = [aQueuedSync({ labels: { team: 'sales' } }), aQueuedSync({ labels: { team: 'ops' } })]
  const open = async (query: string) => (await openListEvents(url, query)).read()
  const clients = {
    queued: await open('?state=queued'),
    failed: await open('?code=SHEET_FORBIDDEN'),
    label: await open('?label=team=sales'),
    text: await open('?q=OPS&state=queued,running,failed'),
    other: await open('?spreadsheet=another'),
  }
  const tell = async (next: Sync, expectedRevision?: number) => {
    if (expectedRevision === undefined) await storage.create(next)
    else await storage.replace(next, expectedRevision)
    // Long enough for every stream to have sent what it had.
    for (let round = 0; round < 5; round++) await clock.advance(250)
  }
  for (const sync of [sales, ops]) {
    await tell(sync)
    await tell(claimSync(sync, 'an owner', NOW), 1)
    await tell({ ...claimSync(sync, 'an owner', NOW), revision: 3 }, 2)
    const problem = toProblem(new AppError('SHEET_FORBIDDEN', 'not shared'))
    await tell(failSync({ ...claimSync(sync, 'an owner', NOW), revision: 3 }, problem, NOW, 1000), 3)
  }
  const whole = (sync: Sync) => ['1 queued', '2 running', '3 running', '4 failed'].map((text) => `${sync.id} ${text}`)
  await pass(clock, clients.text, ({ events }) => events.length === 6)
  t.same(summaryOf(clients.text), ['ready', `-${sales.id}`, ...whole(ops)], 'a title may match later')
  t.same(summaryOf(clients.label), ['ready', ...whole(sales)])
  const dropped = (sync: Sync) => [`${sync.id} 1 queued`, `-${sync.id}`]
  t.same(summaryOf(clients.queued), ['ready', ...dropped(sales), ...dropped(ops)], 'told to drop it once')
  t.same(
    summaryOf(clients.failed),
    ['ready', ...[sales, ops].flatMap(({ id }) => [`-${id}`, `${id} 4 failed`])],
    'what joins it later is told',
  )
  t.same(summaryOf(clients.other), ['ready'])
})

t.test("a key is told of its own syncs and spreadsheets, and neither of others' nor of their removal", async (t) => {
  const { url, storage, clock, keys } = await anAppWithKeys(t, {
    one: ['read'],
    two: ['read'],
    admin: ['admin'],
  })
  const open = async (apiKey: string) => (await openListEvents(url, '', { apiKey })).read()
  const [one, two, admin] = [await open(keys.one), await open(keys.two), await open(keys.admin)]
  const [ofOne, ofTwo] = ['one', 'two'].map((createdBy) => ({ ...aQueuedSync(), createdBy })) as [Sync, Sync]
  for (const sync of [ofOne, ofTwo]) await storage.create(sync)
  await pass(clock, admin, ({ events }) => events.length === 3)
  for (const { id } of [ofOne, ofTwo]) await storage.remove(id, 1)
  await pass(clock, admin, ({ events }) => events.length === 5)
  const life = ({ id }: Sync) => [`${id} 1 queued`, `-${id}`]
  t.same(summaryOf(one), ['ready', ...life(ofOne)])
  t.same(summaryOf(two), ['ready', ...life(ofTwo)])
  t.same(summaryOf(admin).sort(), ['ready', ...life(ofOne), ...life(ofTwo)].sort())
  t.notMatch(one.text, ofTwo.id)
})

t.test(
  'the removal of a sync that was listed is told; of one that nobody has seen here, only that something was',
  async (t) => {
    const { url, storage, clock, keys } = await anAppWithKeys(t, { one: ['read'], two: ['read'] })
    const syncs = ['one', 'one', 'two'].map((createdBy) => ({ ...aQueuedSync(), createdBy }))
    const [listed, unlisted, others] = syncs as [Sync, Sync, Sync]
    for (const sync of [listed, unlisted, others]) await storage.create(sync)
    const one = (await openListEvents(url, '', { apiKey: keys.one })).read()
    await pass(clock, one, ({ events }) => events.length === 1)
    await new ApiClient(url, keys.one).json('/syncs?pageSize=2')
    await new ApiClient(url, keys.two).json('/syncs')
    await storage.remove(listed.id, 1)
    await storage.remove(others.id, 1)
    await pass(clock, one, ({ events }) => events.length === 2)
    t.same(summaryOf(one), ['ready', `-${listed.id}`])
    const fresh = (await openListEvents(url, '', { apiKey: keys.two })).read()
    const hidden = { ...aQueuedSync(), createdBy: 'one' }
    await pass(clock, fresh, ({ events }) => events.length === 1)
    const { get } = storage
    storage.get = async (id) => (id === hidden.id ? undefined : get.call(storage, id))
    await storage.create(hidden)
    await clock.advance(250)
    for (const client of [one, fresh]) await pass(clock, client, ({ events }) => events.at(-1)?.event === 'reset')
    t.notMatch(fresh.text, 'sync-')
  },
)

t.test('too many changes at once, or a storage that lost sight of them, are told as a reset', async (t) => {
  const { url, storage, clock } = await anAppWithKeys(t)
  const client = (await openListEvents(url)).read()
  await pass(clock, client, ({ events }) => events.length === 1)
  let reads = 0
  storage.get = async () => {
    reads++
    return undefined
  }
  for (let n = 0; n < 600; n++) await storage.create(aQueuedSync())
  await pass(clock, client, ({ events }) => events.length === 2)
  storage.loseSight()
  await clock.advance(1000)
  t.same(summaryOf(client), ['ready', 'reset'], 'the next one waits')
  t.equal(reads, 0)
  await clock.advance(1000)
  await pass(clock, client, ({ events }) => events.length === 3)
  t.same(summaryOf(client), ['ready', 'reset', 'reset'])
})

t.test('what the list that follows a reset has is told to be dropped again', async (t) => {
  const { url, storage, clock } = await anAppWithKeys(t)
  const sync = aQueuedSync()
  await storage.create(sync)
  const client = (await openListEvents(url, '?state=queued')).read()
  await pass(clock, client, ({ events }) => events.length === 1)
  await storage.replace({ ...sync, state: 'running', revision: 2 }, 1)
  await pass(clock, client, ({ events }) => events.length === 2)
  storage.loseSight()
  await storage.replace({ ...sync, revision: 3 }, 2)
  await pass(clock, client, ({ events }) => events.length === 3)
  await storage.replace({ ...sync, state: 'running', revision: 4 }, 3)
  await pass(clock, client, ({ events }) => events.length === 4)
  t.same(summaryOf(client), ['ready', `-${sync.id}`, 'reset', `-${sync.id}`])
})

t.test('a storage that fails for a while delays the news, and what cannot be read leaves the list', async (t) => {
  const { url, storage, clock } = await anAppWithKeys(t)
  const [sync, damaged] = [aQueuedSync(), aQueuedSync()]
  for (const each of [sync, damaged]) await storage.create(each)
  const client = (await openListEvents(url)).read()
  await pass(clock, client, ({ events }) => events.length === 1)
  await fetch(`${url}/syncs`).then((answer) => answer.json())
  const { get } = storage
  storage.get = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'down'))
  await storage.replace({ ...sync, revision: 2 }, 1)
  await clock.advance(3000)
  t.equal(client.events.length, 1)
  storage.get = (id) =>
    id === damaged.id ? Promise.reject(new AppError('STATUS_CORRUPT', 'damaged')) : get.call(storage, id)
  await storage.replace({ ...damaged, revision: 2 }, 1)
  await pass(clock, client, ({ events }) => events.length === 3)
  t.same(summaryOf(client).sort(), ['ready', `${sync.id} 2 queued`, `-${damaged.id}`].sort())
  storage.get = get
  const unfit = { ...sync, labels: { one: 1 as never }, revision: 3 }
  await storage.replace(unfit, 2)
  await pass(clock, client, ({ events }) => events.length === 4)
  t.equal(summaryOf(client).at(-1), `-${sync.id}`)
})

t.test('a reader that stops reading holds few bytes and is dropped; one that is slow gets the latest', async (t) => {
  const { url, storage, clock } = await anAppWithKeys(t)
  const [reading, stalled] = [(await openListEvents(url)).read(), await openListEvents(url)]
  // Some 100 kB an event, of which a megabyte may wait.
  const labels = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`label-${n}`, 'x'.repeat(250)]))
  const syncs = Array.from({ length: 8 }, () => aQueuedSync())
  for (const sync of syncs) await storage.create(sync)
  for (let revision = 2; revision <= 40; revision++) {
    for (const sync of syncs) {
      await storage.replace({ ...sync, labels, revision }, revision - 1)
      await clock.advance(100)
      await settle()
    }
  }
  await clock.advance(2000)
  const last = new Set(syncs.map(({ id }) => `${id} 40`))
  await pass(clock, reading, ({ events }) => {
    for (const { id } of events) last.delete(id)
    return last.size === 0
  })
  t.notMatch(summaryOf(reading), ['reset'])
  await clock.advance(22_000)
  stalled.read()
  t.equal(await stalled.ended, false, 'dropped')
  t.ok(stalled.events.length < 200, `what was not taken was not queued: ${stalled.events.length} events`)
  reading.close()
})

t.test(
  'a stream is sent half a megabyte a second at the most, and what it is too far behind of is reset',
  async (t) => {
    const { url, storage, clock } = await anAppWithKeys(t)
    const client = (await openListEvents(url)).read()
    await pass(clock, client, ({ events }) => events.length === 1)
    const labels = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`label-${n}`, 'x'.repeat(250)]))
    const create = async (count: number) => {
      for (let n = 0; n < count; n++) await storage.create({ ...aQueuedSync(), labels })
    }
    await create(8)
    for (let round = 1; round <= 8; round++) {
      await clock.advance(250)
      await pass(clock, client, ({ events }) => events.length >= 1 + round)
      t.ok(client.events.length <= 2 + round, 'one of 100 kB in a round')
    }
    await create(30)
    await pass(clock, client, ({ events }) => events.at(-1)?.event === 'reset')
    t.equal(client.events.length, 10)
  },
)

t.test('what is wrong with a request is told as JSON before a stream begins; HEAD answers with the head', async (t) => {
  const { url, service, storage } = await anAppWithKeys(t)
  const answer = await fetch(`${url}/syncs/events?state=done&q=&label=x&pageSize=5`)
  t.equal(answer.status, 400)
  const { errors } = (await answer.json()) as { errors: { field: string }[] }
  t.same(errors.map(({ field }) => field).sort(), ['label', 'pageSize', 'q', 'state'])
  t.equal((await fetch(`${url}/syncs/events`, { method: 'POST' })).status, 405)
  t.equal((await fetch(`${url}/syncs/events`, { method: 'DELETE' })).status, 405)
  const client = (await openListEvents(url, '', { method: 'HEAD' })).read()
  t.match(client.response.headers['content-type'], 'text/event-stream')
  t.equal(await client.ended, true)
  while (service.listSubscriptions.size > 0) await settle()
  storage.watchAll = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'down'))
  t.match(await (await fetch(`${url}/syncs/events`)).json(), { code: 'STORAGE_UNAVAILABLE' })
  t.equal(service.listSubscriptions.size, 0)
})

t.test('streams of the list count as streams of their key', async (t) => {
  const { url } = await anAppWithKeys(t, { one: ['read'] }, { limits: { maxStreamsPerKey: 2 } })
  const clients = [(await openListEvents(url)).read(), (await openListEvents(url, '?state=failed')).read()]
  const refused = await fetch(`${url}/syncs/events`)
  t.equal(refused.status, 429)
  t.match(await refused.json(), { code: 'TOO_MANY_STREAMS' })
  clients[0]?.close()
  let again = await openListEvents(url)
  while (again.status === 429) {
    again.close()
    again = await openListEvents(url)
  }
  t.equal(again.status, 200)
})

t.test('an instance that stops ends its streams, and tells clients when to come back', async (t) => {
  const { url, service, clock } = await anAppWithKeys(t)
  const client = (await openListEvents(url)).read()
  await pass(clock, client, ({ events }) => events.length === 1)
  service.drain()
  t.equal(await client.ended, true)
  t.not(client.retryMs, 2000)
  const late = (await openListEvents(url)).read()
  t.equal(await late.ended, true)
  t.equal(late.events.length, 0)
  t.equal(service.listSubscriptions.size, 0)
  while (clock.sleepers > 0) await settle()
})

async function anAppWithKeys<Name extends string>(
  t: Test,
  scopes?: Readonly<Record<Name, readonly ('read' | 'write' | 'admin')[]>>,
  dependencies: Parameters<typeof anApp>[3] = {},
) {
  const storage = new WatchedStorage()
  const { setting, keys } = someKeys(scopes ?? ({} as Record<Name, []>))
  const isOpen = scopes === undefined || dependencies.limits !== undefined
  const apiKeys = isOpen ? new KeyRing() : new KeyRing(parseApiKeys(setting).keys, true)
  return { ...(await anApp(t, storage, undefined, { ...dependencies, apiKeys })), storage, keys }
}

/** What a stream has told: `ready`, `reset`, a sync with its revision and state, or an id after a minus. */
function summaryOf({ events }: EventClient): string[] {
  return events.map(({ event, data }) => {
    const { id, revision, state } = JSON.parse(data) as SyncView
    if (event === 'sync') return `${id} ${revision} ${state}`
    return event === 'removed' ? `-${id}` : event
  })
}

function viewOf({ events }: EventClient, n: number): SyncView {
  return JSON.parse(events[n]?.data ?? 'null') as SyncView
}
