import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import { AppError } from '../../src/errors.ts'
import type { Sync } from '../../src/model/sync.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { type SyncView, syncView } from '../../src/model/sync-view.ts'
import { cancelSync, claimSync } from '../../src/syncs/sync.ts'
import { anApp } from '../support/app.ts'
import { openEvents, type ReceivedEvent } from '../support/event-client.ts'
import { settle } from '../support/fake-clock.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { anEmulator, aService, aServiceProcess, environmentFor, startSync } from '../support/service.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'

const ID = '1StreamedByTheTests-0123456789_abcdefghijklmn'
const NOW = new Date('2026-01-01T00:00:00.000Z')

t.test('the sync comes first, then every change, and the stream ends with the last', async (t) => {
  const { url, storage, service, sync } = await aSyncServed(t)
  const client = (await openEvents(url, sync.id)).read()
  t.equal(client.status, 200)
  t.match(client.response.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  await client.until(({ events }) => events.length === 1)
  t.equal(client.retryMs, 2000)
  const running = claimSync(sync, 'an owner', NOW)
  await storage.replace(running, 1)
  await client.until(({ events }) => events.length === 2)
  await storage.replace(cancelSync(running, NOW, 1000), 2)
  t.equal(await client.ended, true)
  t.same(
    client.events.map(({ id, event, data }) => ({ id, event, state: viewOf({ data }).state })),
    [
      { id: '1', event: 'sync', state: 'queued' },
      { id: '2', event: 'sync', state: 'running' },
      { id: '3', event: 'sync', state: 'cancelled' },
    ],
  )
  t.same(viewOf(client.events[2]), await (await fetch(`${url}/syncs/${sync.id}`)).json(), 'as GET answers it')
  t.equal(service.subscriptions.size, 0, 'nothing is followed any more')
})

t.test('Last-Event-ID resumes: what the client has is not sent again, and the end is never lost', async (t) => {
  const { url, storage, sync } = await aSyncServed(t)
  const current = (await openEvents(url, sync.id, { lastEventId: '1' })).read()
  const older = (await openEvents(url, sync.id, { lastEventId: '0' })).read()
  await older.until(({ events }) => events.length === 1)
  t.same(current.events, [])
  await storage.replace(cancelSync(sync, NOW, 1000), 1)
  await Promise.all([current.ended, older.ended])
  t.same(
    current.events.map(({ id }) => id),
    ['2'],
  )
  const late = (await openEvents(url, sync.id, { lastEventId: '1' })).read()
  t.equal(await late.ended, true)
  t.match(viewOf(late.events[0]), { state: 'cancelled' })
  const knowing = (await openEvents(url, sync.id, { lastEventId: '2' })).read()
  t.equal(await knowing.ended, true)
  t.match(viewOf(knowing.events[0]), { state: 'cancelled' }, 'a finished sync is sent again')
  t.equal(knowing.lastEventId, '2-end')
  const again = (await openEvents(url, sync.id, { lastEventId: knowing.lastEventId })).read()
  t.equal(again.status, 204, 'tells an EventSource that was not closed to stop coming back')
})

t.test('an EventSource that nobody closes comes back once after the end, and then stops by itself', async (t) => {
  const { url, storage, service, sync } = await aSyncServed(t)
  const script = fileURLToPath(new URL('event-source.ts', import.meta.url))
  const child = spawn(process.execPath, ['--experimental-eventsource', script, `${url}/syncs/${sync.id}/events`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (line === '1 queued') await storage.replace(claimSync(sync, 'an owner', NOW), 1)
    if (line === '2 running') await storage.replace({ ...cancelSync(sync, NOW, 1000), revision: 3 }, 2)
  }
  t.same(lines, ['1 queued', '2 running', '3 cancelled', 'again', 'closed'])
  t.equal(service.subscriptions.size, 0)
})

t.test('what is wrong with a request is told as JSON before a stream begins', async (t) => {
  const { url, sync, storage } = await aSyncServed(t)
  const events = (id: string, init: RequestInit = {}) => fetch(`${url}/syncs/${id}/events`, init)
  for (const [answer, status, code] of [
    [await events(newSyncId()), 404, 'SYNC_NOT_FOUND'],
    [await events('nonsense'), 400, 'VALIDATION_FAILED'],
    [await events(sync.id, { headers: { 'last-event-id': 'x'.repeat(101) } }), 400, 'VALIDATION_FAILED'],
    [await events(sync.id, { method: 'POST' }), 405, 'METHOD_NOT_ALLOWED'],
  ] as const) {
    t.equal(answer.status, status)
    t.match(answer.headers.get('content-type'), 'application/problem+json')
    t.match(await answer.json(), { code })
  }
  storage.get = () => Promise.reject(new AppError('STATUS_CORRUPT', 'damaged'))
  t.match(await (await events(sync.id)).json(), { status: 500, code: 'STATUS_CORRUPT' })
})

t.test('HEAD answers with the head of a stream, and ends', async (t) => {
  const { url, service, sync } = await aSyncServed(t)
  const client = (await openEvents(url, sync.id, { method: 'HEAD' })).read()
  t.equal(client.status, 200)
  t.match(client.response.headers['content-type'], 'text/event-stream')
  t.equal(await client.ended, true)
  t.equal(service.subscriptions.size, 0)
})

t.test('a silent stream is pinged at least every 15 seconds', async (t) => {
  const { url, clock, sync } = await aSyncServed(t)
  const client = (await openEvents(url, sync.id)).read()
  await client.until(({ events }) => events.length === 1)
  for (const pings of [1, 2, 3]) {
    await clock.advance(15_000)
    await client.until(({ text }) => text.split(': ping\n\n').length - 1 === pings)
  }
  t.equal(client.events.length, 1, 'a ping is no event')
  client.close()
})

t.test('a sync that is removed, or cannot be read any more, is told and ends the stream', async (t) => {
  const { url, storage, sync } = await aSyncServed(t)
  const other = aQueuedSync()
  await storage.create(other)
  const [removed, damaged] = [(await openEvents(url, sync.id)).read(), (await openEvents(url, other.id)).read()]
  for (const client of [removed, damaged]) await client.until(({ events }) => events.length === 1)
  await storage.remove(sync.id, 1)
  t.equal(await removed.ended, true)
  t.same(removed.events[1], { id: '1', event: 'deleted', data: JSON.stringify({ id: sync.id }) })
  storage.get = () => Promise.reject(new AppError('STATUS_CORRUPT', 'damaged'))
  await storage.replace({ ...other, revision: 2 }, 1)
  t.equal(await damaged.ended, true)
  t.equal(damaged.events[1]?.event, 'problem')
  t.match(JSON.parse(damaged.events[1]?.data ?? ''), { code: 'STATUS_CORRUPT', requestId: /^req-/ })
})

t.test(
  'a stored value that no schema allows ends its streams with a problem, logged once, and nobody else',
  async (t) => {
    const lines: { readonly err: Error; readonly syncId: string }[] = []
    const log = pino(
      { serializers: { err: (error: Error) => error } },
      { write: (line) => lines.push(JSON.parse(line)) },
    )
    const { url, storage, sync } = await aSyncServed(t, { log })
    const other = aQueuedSync()
    await storage.create(other)
    const streams = [await openEvents(url, sync.id), await openEvents(url, sync.id), await openEvents(url, other.id)]
    for (const stream of streams) await stream.read().until(({ events }) => events.length === 1)
    const { get } = storage
    const failure = syncView.safeParse({}).error
    storage.get = (id) => (id === sync.id ? Promise.reject(failure) : get.call(storage, id))
    await storage.replace({ ...sync, revision: 2 }, 1)
    for (const stream of streams.slice(0, 2)) {
      t.equal(await stream.ended, true)
      t.match(stream.events[1], { event: 'problem' })
      t.match(JSON.parse(stream.events[1]?.data ?? ''), { code: 'INTERNAL', status: 500, requestId: /^req-/ })
    }
    t.match(lines, [{ level: 50, code: 'INTERNAL', syncId: sync.id, err: { name: 'AppError' } }])
    t.equal(lines.length, 1)
    await storage.replace({ ...other, revision: 2 }, 1)
    await streams[2]?.until(({ events }) => events.length === 2)
  },
)

t.test('a sync that the wire cannot carry ends its streams too', async (t) => {
  const { url, storage, sync } = await aSyncServed(t)
  const stream = (await openEvents(url, sync.id)).read()
  await stream.until(({ events }) => events.length === 1)
  await storage.replace({ ...sync, labels: { one: 1 as never }, revision: 2 }, 1)
  t.equal(await stream.ended, true)
  t.match(JSON.parse(stream.events[1]?.data ?? ''), { code: 'STATUS_CORRUPT' })
})

t.test('a storage that fails for a while delays the news and loses none', async (t) => {
  const { url, storage, clock, sync } = await aSyncServed(t)
  const client = (await openEvents(url, sync.id)).read()
  await client.until(({ events }) => events.length === 1)
  const { get } = storage
  storage.get = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'down'))
  await storage.replace(cancelSync(sync, NOW, 1000), 1)
  await clock.advance(3000)
  t.equal(client.events.length, 1)
  storage.get = get
  await clock.advance(1000)
  t.equal(await client.ended, true)
  t.match(viewOf(client.events[1]), { state: 'cancelled' })
})

t.test('a client that goes away leaves nothing behind', async (t) => {
  const { url, clock, service, sync } = await aSyncServed(t)
  const client = (await openEvents(url, sync.id)).read()
  await client.until(({ events }) => events.length === 1)
  t.ok(clock.sleepers > 0)
  client.close()
  while (service.subscriptions.size > 0 || clock.sleepers > 0) await settle()
})

t.test(
  'a reader that stops reading costs two events and is dropped; others go on, and it resumes at the end',
  async (t) => {
    const { url, storage, clock, service, sync } = await aSyncServed(t)
    const reading = (await openEvents(url, sync.id)).read()
    const stalled = await openEvents(url, sync.id)
    // Some 100 kB an event, so that what the operating system buffers for a reader is soon full.
    const labels = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`label-${n}`, 'x'.repeat(250)]))
    let current: Sync = sync
    for (let revision = 2; revision <= 200; revision++) {
      const next: Sync = { ...current, labels, revision }
      await storage.replace(next, current.revision)
      current = next
      await reading.until(({ lastEventId }) => lastEventId === String(revision))
    }
    t.equal(reading.events.length, 200, 'who reads sees every revision')
    t.equal(service.subscriptions.size, 1)
    await clock.advance(22_000)
    stalled.read()
    t.equal(await stalled.ended, false, 'dropped')
    t.ok(stalled.events.length < 200, `what was not taken was not queued: ${stalled.events.length} of 200 events`)
    await storage.replace(cancelSync(current as typeof sync, NOW, 1000), 200)
    t.equal(await reading.ended, true)
    const resumed = (await openEvents(url, sync.id, { lastEventId: stalled.lastEventId })).read()
    t.equal(await resumed.ended, true)
    t.match(viewOf(resumed.events[0]), { state: 'cancelled' })
  },
)

t.test('a slow reader misses revisions in between and never the last', async (t) => {
  const { url, storage, clock, sync } = await aSyncServed(t)
  const slow = await openEvents(url, sync.id)
  const labels = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`label-${n}`, 'x'.repeat(250)]))
  let current = sync
  for (let revision = 2; revision <= 200; revision++) {
    const next = { ...current, labels, revision }
    await storage.replace(next, current.revision)
    current = next
    await settle()
  }
  await storage.replace(cancelSync(current, NOW, 1000), 200)
  await clock.advance(10_000)
  slow.read()
  t.equal(await slow.ended, true)
  t.ok(slow.events.length < 200, `${slow.events.length} of 201 events`)
  t.match(viewOf(slow.events.at(-1)), { state: 'cancelled', revision: 201 })
})

t.test('a service that stops ends its streams at once, and tells clients when to come back', async (t) => {
  const emulator = await anEmulator(t, {
    workbooks: [
      { id: ID, title: 'Streamed', tabs: [syntheticTab({ gid: 0, title: 'A', rows: 9, columns: 3, kind: 'mixed' })] },
    ],
  })
  emulator.fail({ do: { kind: 'hang' } })
  const environment = { ...environmentFor(testFolder(t)), GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const service = await aServiceProcess(t, environment)
  const { id } = await startSync(service.url, { spreadsheet: ID })
  const client = (await openEvents(service.url, id)).read()
  await client.until(({ events }) => events.some((event) => viewOf(event).state === 'running'))
  const started = performance.now()
  const stopped = service.end('SIGTERM')
  t.equal(await client.ended, true)
  t.ok(performance.now() - started < 2000, 'long before the stop is done')
  t.ok((client.retryMs ?? 0) >= 1000 && client.retryMs !== 2000, `retry ${client.retryMs}`)
  t.equal(await stopped, 0)
})

t.test('a stalled reader does not hold up the stop of the service', async (t) => {
  const { url, storage, clock, service, sync } = await aSyncServed(t)
  const [stalled, reading] = [await openEvents(url, sync.id), (await openEvents(url, sync.id)).read()]
  const labels = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`label-${n}`, 'x'.repeat(250)]))
  for (let revision = 2; revision <= 200; revision++) {
    await storage.replace({ ...sync, labels, revision }, revision - 1)
    await reading.until(({ lastEventId }) => lastEventId === String(revision))
  }
  await clock.advance(1000)
  service.drain()
  t.equal(await reading.ended, true)
  t.not(reading.retryMs, 2000, 'told when to come back')
  stalled.read()
  t.equal(await stalled.ended, false, 'cut off')
})

t.test('the whole service: a stream shows a download from the start to the end', async (t) => {
  const tab = syntheticTab({ gid: 0, title: 'Many', rows: 3000, columns: 10, kind: 'mixed' })
  const emulator = await anEmulator(t, {
    workbooks: [{ id: ID, title: 'Streamed', tabs: [tab] }],
    latency: { baseMs: 100 },
  })
  const origin = 'https://app.example.com'
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, CORS_ORIGINS: origin })
  const posted = await startSync(url, { spreadsheet: ID })
  const client = (await openEvents(url, posted.id, { origin })).read()
  t.equal(client.response.headers['access-control-allow-origin'], origin, 'browsers of other origins may read it')
  t.equal(await client.ended, true)
  const views = client.events.map(viewOf)
  t.match(views.at(-1), { state: 'succeeded', progress: { percent: 100 } })
  t.ok(
    views.every((view, n) => n === 0 || view.revision > (views[n - 1]?.revision ?? 0)),
    'the revision only grows',
  )
  t.ok(views.some(({ state }) => state === 'running'))
})

async function aSyncServed(t: Test, dependencies: Parameters<typeof anApp>[3] = {}) {
  const storage = new MemoryStorage()
  const sync = aQueuedSync()
  await storage.create(sync)
  return { ...(await anApp(t, storage, undefined, dependencies)), storage, sync }
}

function viewOf(event: Pick<ReceivedEvent, 'data'> | undefined): SyncView {
  return JSON.parse(event?.data ?? 'null') as SyncView
}
