import { get } from 'node:http'
import t from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import type { Sync } from '../../src/model/sync.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { LONGEST_WAIT_SECONDS, preferredWait } from '../../src/routes/long-poll.ts'
import { cancelSync, claimSync } from '../../src/syncs/sync.ts'
import { anApp } from '../support/app.ts'
import { openEvents } from '../support/event-client.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { anEmulator, aService, startSync } from '../support/service.ts'
import { aQueuedSync } from '../support/syncs.ts'

const ID = '1WaitedForByTheTests-0123456789_abcdefghijklm'
const NOW = new Date('2026-01-01T00:00:00.000Z')

t.test('what a Prefer header asks for', async (t) => {
  const cases: readonly [string, number | undefined][] = [
    ['wait=10', 10],
    ['Wait = 7', 7],
    ['wait="5"', 5],
    ['wait=0', 0],
    ['wait=3600', LONGEST_WAIT_SECONDS],
    [`wait=${'9'.repeat(400)}`, LONGEST_WAIT_SECONDS],
    ['respond-async, wait=3; foo=bar', 3],
    ['wait=4, wait=9', 4],
    ['wait', undefined],
    ['wait=', undefined],
    ['wait=-1', undefined],
    ['wait=1.5', undefined],
    ['wait=soon, wait=9', undefined],
    ['handling=lenient', undefined],
    ['x="a, wait=9"', undefined],
    ['x="a\\", wait=9", wait=2', 2],
    ['x="wait=9', undefined],
    ['', undefined],
  ]
  for (const [header, seconds] of cases) t.equal(preferredWait(header), seconds, header)
  const started = performance.now()
  preferredWait('"\\'.repeat(8000))
  t.ok(performance.now() - started < 50, 'a header made to be slow is not')
})

t.test('with If-None-Match the answer waits for another revision', async (t) => {
  const { url, storage, service, sync } = await aSyncServed(t)
  const answer = wait(url, sync, 20, 1)
  await followed(service)
  await storage.replace(claimSync(sync, 'an owner', NOW), 1)
  const { status, headers, body } = await answer
  t.equal(status, 200)
  t.match(body, { state: 'running', revision: 2 })
  t.equal(headers.get('etag'), '"2"')
  t.equal(headers.get('preference-applied'), 'wait=20')
  t.equal(service.subscriptions.size, 0, 'nothing is followed any more')
})

t.test('without If-None-Match the answer waits for the end', async (t) => {
  const { url, storage, service, sync } = await aSyncServed(t)
  const answer = wait(url, sync, 90)
  await followed(service)
  const running = claimSync(sync, 'an owner', NOW)
  await storage.replace(running, 1)
  await storage.replace(cancelSync(running, NOW, 1000), 2)
  const { status, headers, body } = await answer
  t.equal(status, 200)
  t.match(body, { state: 'cancelled', revision: 3 })
  t.equal(headers.get('preference-applied'), `wait=${LONGEST_WAIT_SECONDS}`, 'what is more than 25 s is said')
})

t.test('when the time is up: 304 with If-None-Match, otherwise the sync as it is', async (t) => {
  const { url, clock, service, sync } = await aSyncServed(t)
  const answers = [wait(url, sync, 10, 1), wait(url, sync, 10)]
  await followed(service, () => clock.sleepers === 2)
  await clock.advance(9999)
  t.equal(clock.sleepers, 2, 'still waiting')
  await clock.advance(1)
  const [unchanged, current] = await Promise.all(answers)
  t.equal(unchanged?.status, 304)
  t.equal(unchanged?.headers.get('etag'), '"1"')
  t.equal(current?.status, 200)
  t.match(current?.body, { state: 'queued', revision: 1 })
  t.equal(clock.sleepers, 0)
  t.equal(service.subscriptions.size, 0)
})

t.test('what need not be waited for is answered at once', async (t) => {
  const { url, storage, clock, sync } = await aSyncServed(t)
  t.equal((await wait(url, sync, 20, 7)).status, 200, 'another revision')
  t.equal((await wait(url, sync, 0, 1)).status, 304, 'no time')
  const other = await fetch(`${url}/syncs/${sync.id}`, { headers: { prefer: 'handling=lenient' } })
  t.equal(other.status, 200)
  t.equal(other.headers.get('preference-applied'), null, 'a preference that asks for no wait')
  await storage.replace(cancelSync(sync, NOW, 1000), 1)
  t.equal((await wait(url, sync, 20)).status, 200, 'finished')
  t.equal((await wait(url, sync, 20, 2)).status, 304, 'finished, and known to be')
  t.equal((await wait(url, { id: aQueuedSync().id }, 20)).status, 404, 'unknown')
  t.equal(clock.sleepers, 0)
})

t.test('a wait for which there is no place is answered at once, as a poll; streams take the same places', async (t) => {
  const { url, service, clock, sync } = await aSyncServed(t, { limits: { maxStreamsPerKey: 2 } })
  const waiting = wait(url, sync, 20, 1)
  const stream = (await openEvents(url, sync.id)).read()
  await followed(service, () => clock.sleepers === 2)
  const answers = [await wait(url, sync, 20, 1), await wait(url, sync, 20)]
  for (const [index, { status, headers }] of answers.entries()) {
    t.equal(status, [304, 200][index])
    t.equal(headers.get('preference-applied'), null, 'the preference was not applied')
    t.equal(headers.get('retry-after'), '1')
  }
  t.equal((await openEvents(url, sync.id)).status, 429)
  stream.close()
  await followed(service, () => clock.sleepers === 1)
  const again = wait(url, sync, 20, 1)
  await followed(service, () => clock.sleepers === 2)
  await clock.advance(20_000)
  for (const { headers } of await Promise.all([waiting, again])) t.equal(headers.get('preference-applied'), 'wait=20')
})

t.test('a sync that is removed meanwhile is answered 404', async (t) => {
  const { url, storage, service, sync } = await aSyncServed(t)
  const answer = wait(url, sync, 20)
  await followed(service)
  await storage.remove(sync.id, 1)
  t.match((await answer).body, { code: 'SYNC_NOT_FOUND' })
})

t.test('a client that goes away leaves nothing behind', async (t) => {
  const { url, clock, service, sync } = await aSyncServed(t)
  const request = get(`${url}/syncs/${sync.id}`, { headers: { prefer: 'wait=20' } })
  request.on('error', () => {})
  await followed(service)
  request.destroy()
  await followed(service, () => service.subscriptions.size === 0 && clock.sleepers === 0)
})

t.test('a service that stops answers who waits at once', async (t) => {
  const { url, service, sync } = await aSyncServed(t)
  const answers = [wait(url, sync, 20), wait(url, sync, 20, 1)]
  await followed(service)
  service.drain()
  t.same(
    (await Promise.all(answers)).map(({ status }) => status),
    [200, 304],
  )
  t.equal((await wait(url, sync, 20, 1)).status, 304, 'nor does anyone wait from then on')
})

t.test('the whole service: a client that only waits sees the end of a download', async (t) => {
  const tab = syntheticTab({ gid: 0, title: 'Many', rows: 2000, columns: 10, kind: 'mixed' })
  const emulator = await anEmulator(t, { workbooks: [{ id: ID, title: 'Waited for', tabs: [tab] }] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const posted = await startSync(url, { spreadsheet: ID })
  t.match((await wait(url, posted, 25)).body, { state: 'succeeded' })
})

async function aSyncServed(t: Parameters<typeof anApp>[0], dependencies: Parameters<typeof anApp>[3] = {}) {
  const storage = new MemoryStorage()
  const sync = aQueuedSync()
  await storage.create(sync)
  return { ...(await anApp(t, storage, undefined, dependencies)), storage, sync }
}

/** Resolves once the condition holds; the test's own timeout bounds the wait. */
async function followed(
  service: Awaited<ReturnType<typeof anApp>>['service'],
  condition = () => service.subscriptions.size > 0,
): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function wait(url: string, { id }: Pick<Sync, 'id'>, seconds: number, revision?: number) {
  const answer = await fetch(`${url}/syncs/${id}`, {
    headers: { prefer: `wait=${seconds}`, ...(revision === undefined ? {} : { 'if-none-match': `"${revision}"` }) },
  })
  const text = await answer.text()
  const body = text === '' ? undefined : (JSON.parse(text) as SyncView)
  return { status: answer.status, headers: answer.headers, body }
}
