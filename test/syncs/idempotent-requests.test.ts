import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import { syncRequestBody } from '../../src/model/sync-request.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { ANYONE, type Caller } from '../../src/syncs/caller.ts'
import { IdempotentRequests } from '../../src/syncs/idempotent-requests.ts'
import { cancelSync } from '../../src/syncs/sync.ts'
import { SyncService } from '../../src/syncs/sync-service.ts'
import { systemClock } from '../../src/system-clock.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FileIdempotency } from '../support/key-value-stores.ts'
import { MemoryIdempotency } from '../support/memory-key-value-store.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { testFolder } from '../support/test-folder.ts'

const body = syncRequestBody.parse({ spreadsheet: 'a-spreadsheet', ifActive: 'start' })
/** Milliseconds for which a status is kept. */
const TTL_MS = 1000

const runner = { start: async () => {}, enqueue: async () => {}, notifyCancel: () => {}, close: async () => {} }

for (const step of ['create', 'complete']) {
  t.test(`a process killed before its ${step}: the repeat is answered at once and starts no second sync`, async (t) => {
    const directory = testFolder(t)
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('dying-start.ts', import.meta.url)), directory, 'k', step],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    )
    t.same(await once(child, 'exit'), [null, 'SIGKILL'])
    const [reserved = ''] = await readdir(`${directory}/.idempotency`)
    const entry = JSON.parse(await readFile(`${directory}/.idempotency/${reserved}`, 'utf8'))
    const { syncId } = (entry as { value: { syncId: string } }).value

    const starts = await onFiles(t, directory)
    const { view, replayed } = await starts.start('k', body, ANYONE)
    t.equal(view.id, syncId, 'the id that the killed process had chosen')
    t.equal(replayed, step === 'complete', 'only what was there is a replay')
    t.same(
      (await readdir(directory)).filter((name) => name.startsWith('sync-')),
      [`${syncId}.json`],
    )
    t.same(await starts.start('k', body, ANYONE), { view, replayed: true })
    await t.rejects(starts.start('k', { ...body, headerRow: 0 }, ANYONE), { code: 'IDEMPOTENCY_KEY_REUSED' })
  })
}

t.test('the key of another caller is another key', async (t) => {
  const { starts } = inMemory()
  const [one, other] = ['one', 'other'].map((name) => ({ name, seesAll: false })) as [Caller, Caller]
  const first = await starts.start('k', body, one)
  t.not((await starts.start('k', body, other)).view.id, first.view.id)
  t.not((await starts.start('k', body, ANYONE)).view.id, first.view.id)
  t.not((await starts.start('onek', body, ANYONE)).view.id, first.view.id, 'where the name ends makes a difference')
  t.equal((await starts.start('k', body, one)).view.id, first.view.id)
})

t.test('a sync that was recorded though its create failed is the answer', async (t) => {
  const { starts, storage } = inMemory()
  const { create } = storage
  storage.create = async (sync) => {
    await create.call(storage, sync)
    throw new AppError('STORAGE_UNAVAILABLE', 'the last step failed')
  }
  const { view } = await starts.start('k', body, ANYONE)
  t.equal((await storage.list({ pageSize: 10 })).syncs[0]?.id, view.id)
  t.equal((await starts.start('k', body, ANYONE)).view.id, view.id)
  t.equal((await storage.list({ pageSize: 10 })).syncs.length, 1)
})

t.test(
  'where nobody can tell whether the sync was recorded the key is kept, and a minute later it is found',
  async (t) => {
    const { starts, storage, clock } = inMemory()
    const { create, get } = storage
    storage.create = async (sync) => {
      await create.call(storage, sync)
      throw new AppError('STORAGE_UNAVAILABLE', 'the last step failed')
    }
    storage.get = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'and now nothing can be read'))
    await t.rejects(starts.start('k', body, ANYONE), { message: 'the last step failed' })
    Object.assign(storage, { create, get })
    await t.rejects(starts.start('k', body, ANYONE), { code: 'IDEMPOTENCY_KEY_IN_FLIGHT' })
    await clock.advance(60_000)
    const { view, replayed } = await starts.start('k', body, ANYONE)
    t.equal(replayed, true)
    t.same(
      (await storage.list({ pageSize: 10 })).syncs.map(({ id }) => id),
      [view.id],
    )
  },
)

t.test('a joined sync is the answer to its key too', async (t) => {
  const { starts, storage } = inMemory()
  const join = { ...body, ifActive: 'join' as const }
  const first = await starts.start('k', join, ANYONE)
  const second = await starts.start('l', join, ANYONE)
  t.equal(second.view.id, first.view.id)
  t.equal(second.replayed, false)
  await storage.remove(first.view.id, 1)
  const ended = { id: first.view.id, state: null, finishedAt: null, code: null }
  await t.rejects(starts.start('l', join, ANYONE), { code: 'SYNC_GONE', ended }, 'no other is started')
})

t.test('a sync that was started without a key and joined under one is remembered too', async (t) => {
  const { starts, storage, store, clock, service } = inMemory()
  const join = { ...body, ifActive: 'join' as const }
  const plain = await service.start(join, ANYONE)
  const { view } = await starts.start('k', join, ANYONE)
  t.equal(view.id, plain.id)
  await end(storage, view.id, clock)
  await storage.cleanup(new Date(clock.now().getTime() + TTL_MS), {
    rememberEnd: (sync) => store.recordEnd(sync, clock.now()),
  })
  await t.rejects(starts.start('k', join, ANYONE), { code: 'SYNC_GONE', ended: { state: 'cancelled' } })
})

t.test('a replay answers with the sync as it is by now', async (t) => {
  const { starts, storage, clock } = inMemory()
  const { view } = await starts.start('k', body, ANYONE)
  t.equal(view.state, 'queued')
  await end(storage, view.id, clock)
  t.match(await starts.start('k', body, ANYONE), {
    replayed: true,
    view: { id: view.id, state: 'cancelled', revision: 2 },
  })
})

t.test('a key whose sync was swept starts no second one, also where the first was never answered', async (t) => {
  for (const isAnswered of [true, false]) {
    const { starts, storage, store, clock } = inMemory()
    const { complete } = store
    if (!isAnswered) store.complete = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'not now'))
    await starts.start('k', body, ANYONE).catch((error: unknown) => t.match(error, { message: 'not now' }))
    store.complete = complete
    const [sync] = (await storage.list({ pageSize: 10 })).syncs
    await end(storage, sync?.id ?? '', clock)
    await clock.advance(60_000)
    await storage.cleanup(clock.now(), { rememberEnd: (sync) => store.recordEnd(sync, clock.now()) })
    for (let repeat = 0; repeat < 2; repeat++) {
      await t.rejects(starts.start('k', body, ANYONE), {
        code: 'SYNC_GONE',
        message: /sync-[0-9a-f-]+, cancelled at 2026-01-01T00:00:00.000Z/,
        ended: { id: sync?.id, state: 'cancelled', finishedAt: '2026-01-01T00:00:00.000Z', code: null },
      })
    }
    t.same((await storage.list({ pageSize: 10 })).syncs, [])
  }
})

async function end(storage: MemoryStorage, id: string, clock: FakeClock): Promise<void> {
  const sync = await storage.get(id)
  if (sync === undefined) throw new TypeError('it is not there')
  await storage.replace(cancelSync(sync, clock.now(), TTL_MS), sync.revision)
}

function inMemory() {
  const storage = new MemoryStorage()
  const clock = new FakeClock()
  const store = new MemoryIdempotency()
  const service = new SyncService({ storage, runner, clock, statusTtlMs: TTL_MS })
  return { storage, store, service, clock, starts: new IdempotentRequests({ service, store, clock }) }
}

async function onFiles(t: Test, directory: string): Promise<IdempotentRequests> {
  const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
  const store = new FileIdempotency({ directory, clock: systemClock })
  for (const each of [storage, store]) await each.start()
  t.teardown(() => storage.close())
  const service = new SyncService({ storage, runner, clock: systemClock, statusTtlMs: 1000 })
  return new IdempotentRequests({ service, store, clock: systemClock })
}
