import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { AppError } from '../../src/errors.ts'
import { toProblem } from '../../src/model/problem.ts'
import { type SyncView, toView } from '../../src/model/sync-view.ts'
import { ANYONE } from '../../src/syncs/caller.ts'
import { IdempotencyStore } from '../../src/syncs/idempotency-store.ts'
import { claimSync, failSync } from '../../src/syncs/sync.ts'
import { anApp } from '../support/app.ts'
import { MemoryIdempotency, MemoryKeyValueStore } from '../support/memory-key-value-store.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { anEmulator, aService } from '../support/service.ts'
import { HOUR_MS, ID, post } from './posted-syncs.ts'

t.test('the same key and body starts one sync, and every repeat gets it as it is by then', async (t) => {
  const { url, storage, service, clock } = await anAppOverMemory(t)
  const first = await post(url, 'a-key')
  t.equal(first.status, 202)
  t.equal(first.headers.get('idempotent-replayed'), null)
  const replays = async (sync: SyncView, retryAfter: string | null) => {
    for (const key of ['a-key', '"a-key"']) {
      const again = await post(url, key)
      t.equal(again.status, 202)
      t.same(again.sync, sync)
      t.equal(again.headers.get('idempotent-replayed'), 'true')
      t.equal(again.headers.get('etag'), `"${sync.revision}"`)
      t.equal(again.headers.get('retry-after'), retryAfter)
      for (const name of ['location', 'operation-location', 'content-type', 'cache-control']) {
        t.equal(again.headers.get(name), first.headers.get(name), name)
      }
    }
  }
  await replays(first.sync, '1')
  const running = claimSync(await mustGet(storage, first.sync.id), 'an owner', clock.now())
  await storage.replace(running, 1)
  await replays(toView(running), '1')
  const failed = failSync(running, toProblem(new AppError('SHEET_NOT_FOUND', 'no such id')), clock.now(), 1000)
  await storage.replace(failed, running.revision)
  await replays(toView(failed), null)
  await service.remove(first.sync.id, ANYONE)
  const { status, headers, sync } = await post(url, 'a-key')
  t.equal(status, 410)
  t.match(headers.get('content-type'), /^application\/problem\+json/)
  t.match(sync, {
    code: 'SYNC_GONE',
    retryable: false,
    detail: new RegExp(`${failed.id}, failed with SHEET_NOT_FOUND at ${failed.finishedAt}`),
    hint: /new Idempotency-Key/,
    ended: { id: failed.id, state: 'failed', finishedAt: failed.finishedAt, code: 'SHEET_NOT_FOUND' },
  })
  t.equal((await storage.list({ pageSize: 10 })).syncs.length, 0, 'nothing is started')
  t.not((await post(url, 'another-key')).sync.id, first.sync.id)
  t.not((await post(url, 'A-KEY')).sync.id, first.sync.id, 'keys are told apart by case')
})

t.test('so many keys are remembered; then known ones are answered, and new ones refused with 429', async (t) => {
  const storage = new MemoryStorage()
  const { url } = await anApp(t, storage, new IdempotencyStore(new MemoryKeyValueStore(), 2))
  const first = await post(url, 'one')
  t.equal((await post(url, 'two')).status, 202)
  t.equal((await post(url, 'one')).headers.get('idempotent-replayed'), 'true')
  const refused = await post(url, 'three')
  t.equal(refused.status, 429)
  t.match(refused.sync, { code: 'TOO_MANY_IDEMPOTENCY_KEYS', retryable: true, hint: /MAX_IDEMPOTENCY_KEYS_PER_KEY/ })
  t.ok(Number(refused.headers.get('retry-after')) >= 24 * 3600)
  t.same((await post(url, 'one')).sync, first.sync, 'a known one is answered all the same')
  t.equal((await storage.list({ pageSize: 10 })).syncs.length, 2, 'nothing is started by a refused one')
})

t.test('a request that is refused uses up no key', async (t) => {
  const storage = new MemoryStorage()
  const { url } = await anApp(t, storage, new IdempotencyStore(new MemoryKeyValueStore(), 2))
  const { create } = storage
  storage.create = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'It is away.'))
  for (let n = 0; n < 5; n++) t.equal((await post(url, `key-${n}`)).status, 503)
  storage.create = create
  t.equal((await post(url, 'one')).status, 202)
  t.equal((await post(url, 'two')).status, 202)
})

t.test('bodies that mean the same are the same; any other is refused with 422', async (t) => {
  const { url } = await anAppOverMemory(t)
  const { sync } = await post(url, 'k', { spreadsheet: ID, ifActive: 'start', labels: { a: '1', b: '2' } })
  const same = await post(url, 'k', { labels: { b: '2', a: '1' }, headerRow: 1, ifActive: 'start', spreadsheet: ID })
  t.equal(same.sync.id, sync.id)
  const other = await post(url, 'k', { spreadsheet: ID, ifActive: 'start', labels: { a: '1', b: '3' } })
  t.equal(other.status, 422)
  t.match(other.sync, { code: 'IDEMPOTENCY_KEY_REUSED', hint: /new Idempotency-Key/ })
})

t.test('a key is 1 to 255 printable characters, quoted or not', async (t) => {
  const { url, storage } = await anAppOverMemory(t)
  for (const key of [
    '""',
    '"',
    '"a',
    'a"b'.padStart(256, 'x'),
    `"${'x'.repeat(256)}"`,
    '"a"b"',
    '"a";p=1',
    '"\\x"',
    'é',
    '',
  ]) {
    const answer = await post(url, key)
    t.equal(answer.status, 400, key)
    t.match(answer.sync, { code: 'VALIDATION_FAILED', errors: [{ field: 'header idempotency-key' }] }, key)
  }
  t.same((await storage.list({ pageSize: 1 })).syncs, [], 'nothing was started')
  for (const key of ['x', 'x'.repeat(255), `"${'y'.repeat(255)}"`, '"a \\"b\\" \\\\"', '../../etc', 'a b, c=1;d']) {
    t.equal((await post(url, key)).status, 202, key)
  }
})

t.test('a key is forgotten after 24 hours', async (t) => {
  const { url, clock } = await anAppOverMemory(t)
  const { sync } = await post(url, 'k')
  await clock.advance(24 * HOUR_MS - 1)
  t.equal((await post(url, 'k')).sync.id, sync.id)
  await clock.advance(1)
  t.not((await post(url, 'k')).sync.id, sync.id)
})

t.test('of 100 requests at once with one key one starts a sync, and the others get its answer', async (t) => {
  const { url, storage } = await anAppOverMemory(t)
  const answers = await Promise.all(Array.from({ length: 100 }, () => post(url, 'k')))
  t.same([...new Set(answers.map(({ status }) => status))], [202])
  t.equal(new Set(answers.map(({ sync }) => sync.id)).size, 1)
  t.equal(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null).length, 1)
  t.equal((await storage.list({ pageSize: 10 })).syncs.length, 1)
})

t.test('a request that was refused does not use up its key', async (t) => {
  const { url, storage, service } = await anAppOverMemory(t)
  t.equal((await post(url, 'k', { spreadsheet: ID, headerRow: -1 })).status, 400)
  const { create } = storage
  storage.create = () => Promise.reject(new AppError('STORAGE_FULL', 'full'))
  const refused = await Promise.all([post(url, 'k'), post(url, 'k')])
  t.same(
    refused.map(({ status, sync }) => [status, (sync as unknown as { code: string }).code]),
    [
      [503, 'STORAGE_FULL'],
      [503, 'STORAGE_FULL'],
    ],
  )
  storage.create = create
  const { status, sync, headers } = await post(url, 'k', { spreadsheet: 'another', ifActive: 'start' })
  t.equal(status, 202, 'even for another body')
  t.equal(headers.get('idempotent-replayed'), null)
  service.drain()
  t.equal((await post(url, 'l')).status, 503)
  t.equal((await post(url, 'k', { spreadsheet: 'another', ifActive: 'start' })).sync.id, sync.id)
})

t.test('while another process is at it the answer is 409 with Retry-After, and 422 for another body', async (t) => {
  const store = new MemoryIdempotency()
  const { url, clock } = await anAppOverMemory(t, store)
  const { reserve } = store
  // Another process has the key, as this one's requests never get to reserve it.
  await new Promise<void>((resolve) => {
    store.reserve = async (reservation) => {
      await reserve.call(store, reservation)
      resolve()
      return reserve.call(store, reservation)
    }
    void post(url, 'k')
  })
  store.reserve = reserve
  const answer = await post(url, 'k')
  t.equal(answer.status, 409)
  t.match(answer.sync, { code: 'IDEMPOTENCY_KEY_IN_FLIGHT', retryable: true })
  t.equal(answer.headers.get('retry-after'), '1')
  t.equal((await post(url, 'k', { spreadsheet: 'another', ifActive: 'start' })).status, 422)
  await clock.advance(60_000)
  t.equal((await post(url, 'k')).status, 202, 'a minute later it must have died')
})

t.test(
  'a key outlives the status of its sync: nothing is downloaded again, and the repeat says how it ended',
  async (t) => {
    const workbooks = [{ id: ID, title: 'Once', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }]
    const emulator = await anEmulator(t, { workbooks })
    const settings = { GOOGLE_API_ROOT_URL: emulator.rootUrl, STATUS_TTL: '1ms', SWEEP_INTERVAL: '100ms' }
    const { url } = await aService(t, settings)
    const { sync } = await post(url, 'k')
    while ((await fetch(`${url}/syncs/${sync.id}`)).status !== 404) await delay(50)
    const calls = emulator.count()
    const { status, sync: problem } = await post(url, 'k')
    t.equal(status, 410)
    t.match(problem, { code: 'SYNC_GONE', ended: { id: sync.id, state: 'succeeded', code: null } })
    t.same(await (await fetch(`${url}/syncs`)).json(), { syncs: [], nextPageToken: null })
    t.equal(emulator.count(), calls)
  },
)

async function anAppOverMemory(t: Parameters<typeof anApp>[0], store = new MemoryIdempotency()) {
  const storage = new MemoryStorage()
  return { ...(await anApp(t, storage, store)), storage }
}

async function mustGet(storage: MemoryStorage, id: string) {
  const sync = await storage.get(id)
  if (sync === undefined) throw new AppError('SYNC_NOT_FOUND', id)
  return sync
}
