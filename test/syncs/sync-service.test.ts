import t from 'tap'
import { type SyncRequestInput, syncRequestBody } from '../../src/model/sync-request.ts'
import { AdmissionControl } from '../../src/syncs/admission-control.ts'
import { ANYONE } from '../../src/syncs/caller.ts'
import { IdempotencyStore } from '../../src/syncs/idempotency-store.ts'
import { IdempotentRequests } from '../../src/syncs/idempotent-requests.ts'
import { cancelSync } from '../../src/syncs/sync.ts'
import { SyncService } from '../../src/syncs/sync-service.ts'
import { ROOMY } from '../support/admission-limits.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { MemoryKeyValueStore } from '../support/memory-key-value-store.ts'
import { MemoryStorage } from '../support/memory-storage.ts'

/** Milliseconds within which every start must be answered. */
const PROMISED_MS = 2000

/** The service over a storage whose calls can be made to hang, by name, until they are let go. */
function aService() {
  const clock = new FakeClock()
  const storage = new MemoryStorage()
  const keys = new MemoryKeyValueStore(clock)
  const queue = { enqueue: async (_id: string) => {} }
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const canHang = (target: object, prefix: string, ...names: string[]) => {
    for (const name of names) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => unknown
      Reflect.set(target, name, async (...args: unknown[]) => {
        await gates.get(`${prefix}.${name}`)?.promise
        return method.apply(target, args)
      })
    }
  }
  canHang(storage, 'storage', 'list', 'create', 'get', 'replace', 'remove')
  canHang(keys, 'keys', 'get', 'compareAndSwap', 'remove')
  canHang(queue, 'queue', 'enqueue')
  const runner = { start: async () => {}, notifyCancel: () => {}, close: async () => {}, ...queue }
  const admission = new AdmissionControl({ storage, clock, ...ROOMY })
  const service = new SyncService({ storage, runner, clock, statusTtlMs: 1000, admission })
  const starts = new IdempotentRequests({ service, store: new IdempotencyStore(keys), clock })
  return {
    clock,
    storage,
    service,
    starts,
    hang: (name: string) => gates.set(name, Promise.withResolvers()),
    letGo() {
      for (const gate of gates.values()) gate.resolve()
      gates.clear()
    },
  }
}

const body = (more: Partial<SyncRequestInput> = {}) => syncRequestBody.parse({ spreadsheet: 'a-spreadsheet', ...more })

/** What each of the calls came to, in the time that is promised. */
async function outcomes(clock: FakeClock, calls: readonly Promise<unknown>[]): Promise<string[]> {
  const found = calls.map(() => 'nothing')
  for (const [index, call] of calls.entries()) {
    call.then(
      () => {
        found[index] = 'done'
      },
      (error: { code?: string }) => {
        found[index] = error.code ?? String(error)
      },
    )
  }
  await clock.advance(PROMISED_MS - 1)
  return found
}

for (const hung of ['storage.list', 'storage.create']) {
  t.test(`while ${hung} hangs every start of one spreadsheet is refused in time, and none begins later`, async (t) => {
    const { clock, storage, service, starts, hang, letGo } = aService()
    hang(hung)
    const calls = [
      ...Array.from({ length: 10 }, () => service.start(body(), ANYONE)),
      ...Array.from({ length: 5 }, (_, n) => starts.start(`key ${n}`, body(), ANYONE)),
      ...Array.from({ length: 5 }, () => starts.start('one key', body(), ANYONE)),
      ...Array.from({ length: 3 }, (_, n) => service.start(body({ headerRow: n }), ANYONE)),
      service.start(body({ ifActive: 'start' }), ANYONE),
    ]
    t.same([...new Set(await outcomes(clock, calls))], ['STORAGE_UNAVAILABLE'])
    letGo()
    await settle()
    const { syncs } = await storage.list({ pageSize: 1000 })
    // A call that the storage had been given may be carried out late; what waited in line is never made.
    t.ok(syncs.length <= (hung === 'storage.list' ? 0 : 5), `${syncs.length} are recorded`)
    t.equal(clock.sleepers, 0)
    await service.start(body(), ANYONE)
  })
}

t.test('a start with a key is refused in time whichever call of the keys hangs', async (t) => {
  for (const hung of ['keys.compareAndSwap', 'keys.remove', 'storage.get']) {
    const { clock, storage, starts, hang, letGo } = aService()
    if (hung !== 'keys.compareAndSwap') hang('storage.create')
    hang(hung)
    const calls = Array.from({ length: 3 }, (_, n) => starts.start(`key ${n % 2}`, body(), ANYONE))
    t.same([...new Set(await outcomes(clock, calls))], ['STORAGE_UNAVAILABLE'], hung)
    letGo()
    await settle()
    await clock.advance(60_000)
    const { view } = await starts.start('key 0', body({}), ANYONE)
    t.ok(await storage.get(view.id))
    t.equal((await starts.start('key 0', body({}), ANYONE)).view.id, view.id)
  }
})

t.test('cancel, retry, delete are refused in time too', async (t) => {
  const { clock, storage, service, hang } = aService()
  const active = await service.start(body(), ANYONE)
  const other = await service.start(body({ ifActive: 'start' }), ANYONE)
  const ended = cancelSync(other, clock.now(), 1000)
  await storage.replace(ended, other.revision)
  for (const name of ['storage.create', 'storage.replace', 'storage.remove']) hang(name)
  const calls = [service.cancel(active.id, ANYONE), service.retry(ended.id, ANYONE), service.remove(ended.id, ANYONE)]
  t.same(await outcomes(clock, calls), Array(3).fill('STORAGE_UNAVAILABLE'))
})

t.test('a sync that is recorded is answered in time though the queue hangs', async (t) => {
  const { clock, service, starts, hang } = aService()
  hang('queue.enqueue')
  const calls = [service.start(body(), ANYONE), service.start(body(), ANYONE), starts.start('k', body(), ANYONE)]
  t.same(await outcomes(clock, calls), ['done', 'done', 'done'])
})

t.test('equal requests at once are one sync, and different ones do not wait for each other', async (t) => {
  const { clock, storage, service, hang, letGo } = aService()
  const equal = await Promise.all(Array.from({ length: 20 }, () => service.start(body(), ANYONE)))
  t.equal(new Set(equal.map(({ id }) => id)).size, 1)
  hang('storage.create')
  const first = service.start(body({ headerRow: 0 }), ANYONE)
  await settle()
  t.equal((await service.start(body(), ANYONE)).id, equal[0]?.id, 'joined meanwhile')
  letGo()
  await first
  t.equal((await storage.list({ pageSize: 10 })).syncs.length, 2)
  t.equal(clock.sleepers, 0)
})
