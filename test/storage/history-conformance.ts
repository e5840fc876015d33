import { setImmediate as turn } from 'node:timers/promises'
import type { Test } from 'tap'
import { toProblem } from '../../src/model/problem.ts'
import { ACTIVE_STATES, type ActiveSync, type FinishedSync, type Sync, TERMINAL_STATES } from '../../src/model/sync.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { SyncQuery, SyncStorage } from '../../src/ports/sync-storage.ts'
import { cancelSync, failSync } from '../../src/syncs/sync.ts'
import { requestRedelivery } from '../../src/syncs/webhook-delivery.ts'
import { aQueuedSync } from '../support/syncs.ts'

const DAY_MS = 86_400_000
const TTL_MS = 300_000
const HISTORY_MS = 10 * DAY_MS
const NOW = new Date('2026-01-10T12:00:00.000Z')

/** Opens the same storage once more, as another process would. The suite closes it. */
export type OpenHistory = (t: Test, historyTtlMs: number) => Promise<() => Promise<SyncStorage>>

/** What every driver promises that keeps syncs in a history once their status has expired. */
export async function testHistory(t: Test, name: string, makeStorage: OpenHistory): Promise<void> {
  async function setUp(t: Test): Promise<{ storage: SyncStorage; another: () => Promise<SyncStorage> }> {
    const open = await makeStorage(t, HISTORY_MS)
    const another = async () => {
      const storage = await open()
      await storage.start()
      t.teardown(() => storage.close())
      return storage
    }
    return { storage: await another(), another }
  }

  await t.test(`${name} with a history`, async (t) => {
    await t.test('an expired sync is found until the history has passed too', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const [ended, later, live] = [aQueuedSync(), aQueuedSync(), aQueuedSync()]
      for (const sync of [ended, later, live]) await storage.create(sync)
      const cancelled = cancelSync(ended, NOW, TTL_MS)
      await storage.replace(cancelled, 1)
      // Its status is kept for longer than the history.
      await storage.replace(cancelSync(later, NOW, 2 * HISTORY_MS), 1)
      for (const ms of [TTL_MS, HISTORY_MS - 1]) {
        await storage.cleanup(after(ms))
        for (const instance of [storage, other]) {
          t.same(await instance.get(ended.id), cancelled)
          t.same(await instance.peek(ended.id), cancelled)
          t.equal(await instance.get(ended.id), await instance.get(ended.id), 'the same object comes back')
          t.same(idsOf(await all(instance, { states: ['cancelled'] })), [later.id, ended.id])
          t.same(idsOf(await all(instance, {})), [live.id, later.id, ended.id])
        }
      }
      await storage.cleanup(after(HISTORY_MS))
      t.equal(await storage.get(ended.id), undefined)
      t.same(idsOf(await all(storage, {})), [live.id, later.id])
      await storage.cleanup(after(2 * HISTORY_MS - 1))
      t.ok(await storage.get(later.id))
      await storage.cleanup(after(2 * HISTORY_MS))
      t.same(await all(storage, {}), [live])
      const third = await another()
      await third.cleanup(after(2 * HISTORY_MS))
      t.same(await all(third, {}), [live])
    })

    await t.test('how a run or what answers a key has ended is noted before its history has passed', async (t) => {
      const { storage } = await setUp(t)
      const syncs = [{ ...aQueuedSync(), scheduleId: 'a-schedule' }, { ...aQueuedSync(), keyed: true }, aQueuedSync()]
      for (const sync of syncs) await storage.create(sync)
      for (const sync of syncs) await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
      const noted = new Set<string>()
      const rememberEnd = async ({ id }: FinishedSync) => void noted.add(id)
      for (const ms of [TTL_MS, HISTORY_MS]) await storage.cleanup(after(ms), { rememberEnd })
      t.same([...noted].sort(), idsOf(syncs.slice(0, 2)).sort())
      t.same(await all(storage, {}), [])
    })

    await t.test('pages and filters go over status and history alike, newest first, each sync once', async (t) => {
      const { storage, another } = await setUp(t)
      const syncs = Array.from({ length: 60 }, (_, n) => aSync(n))
      for (const sync of shuffled(syncs)) await storage.create({ ...aQueuedSync(), ...queued(sync) })
      // A third stays active, a third has ended, and a third has expired, of several days.
      for (const sync of syncs) if (sync.state !== 'queued') await storage.replace(sync, 1)
      await storage.cleanup(after(TTL_MS))
      const newest = [...syncs].reverse()
      const queries: Omit<SyncQuery, 'pageSize'>[] = [
        {},
        { states: ['failed'] },
        { states: ['cancelled'] },
        { states: TERMINAL_STATES },
        { states: ACTIVE_STATES },
        { states: ['queued', 'failed'] },
        { spreadsheetId: 'sheet-1' },
        { createdBy: 'key-2' },
        { createdBy: 'key-2', spreadsheetId: 'sheet-0', states: ['failed'] },
        { createdBy: 'nobody' },
        { spreadsheetId: 'none', states: TERMINAL_STATES },
        { webhook: 'pending' },
        { labels: [['third', '1']] },
        { labels: [['third', '1']], states: ['failed'], createdBy: 'key-1' },
        { codes: ['INTERNAL'] },
        { codes: ['INTERNAL', 'SHEET_FORBIDDEN'], spreadsheetId: 'sheet-2' },
        { text: 'SHEET-2' },
        { text: 'third-2' },
        { text: 'nowhere' },
      ]
      for (const instance of [storage, await another()]) {
        for (const query of queries) {
          const expected = newest.filter((sync) => isWanted(sync, query))
          for (const pageSize of [1, 7, 1000]) {
            t.same(idsOf(await all(instance, query, pageSize)), idsOf(expected), JSON.stringify([query, pageSize]))
          }
        }
        await t.rejects(instance.list({ pageSize: 5, pageToken: 'nonsense' }), { code: 'PAGE_TOKEN_INVALID' })
        const small = await instance.list({ pageSize: 50, maxBytes: 10 })
        t.equal(small.syncs.length, 1, 'a page ends early where its bytes would be too many')
      }
    })

    await t.test('a list misses nothing and names nothing twice while syncs go into the history', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const syncs = Array.from({ length: 100 }, () => aQueuedSync())
      for (const sync of syncs) await storage.create(sync)
      const ids = idsOf(syncs).reverse()
      let moved = 0
      const sweeping = (async () => {
        for (let at = 0; at < syncs.length; at += 10) {
          for (const sync of syncs.slice(at, at + 10)) await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
          await storage.cleanup(after(TTL_MS))
          moved++
        }
      })()
      let lists = 0
      while (moved < syncs.length / 10) {
        for (const instance of [storage, other]) t.equal(idsOf(await all(instance, {}, 30)).join(), ids.join())
        lists++
        // A list from memory waits for nothing, and would keep the sweep from its files.
        await turn()
      }
      await sweeping
      t.ok(lists > 0)
      t.same(idsOf(await all(other, { states: ['cancelled'] })), ids)
    })

    await t.test('a sync in the history can be removed, and stays removed', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const syncs = [aQueuedSync(), aQueuedSync(), aQueuedSync()] as const
      for (const sync of syncs) await storage.create(sync)
      for (const sync of syncs) await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
      await storage.cleanup(after(TTL_MS))
      const [first, second, third] = syncs
      t.equal(await other.remove(second.id, 1), false, 'of another revision')
      t.equal(await other.remove(second.id, 2), true)
      t.equal(await storage.remove(second.id, 2), false)
      for (const ms of [TTL_MS, DAY_MS, 5 * DAY_MS]) {
        await storage.cleanup(after(ms))
        for (const instance of [storage, other, await another()]) {
          t.equal(await instance.get(second.id), undefined)
          t.same(idsOf(await all(instance, {})), [third.id, first.id])
          t.match(await instance.get(first.id), { state: 'cancelled' })
        }
      }
    })

    await t.test('what is removed while it goes into the history is in neither', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      for (let round = 0; round < 5; round++) {
        const syncs = Array.from({ length: 8 }, () => aQueuedSync())
        for (const sync of syncs) await storage.create(sync)
        for (const sync of syncs) await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
        const sweeping = storage.cleanup(after(TTL_MS))
        const removed = await Promise.all(syncs.map((sync) => other.remove(sync.id, 2)))
        await sweeping
        await storage.cleanup(after(TTL_MS))
        for (const [n, sync] of syncs.entries()) {
          if (removed[n]) t.equal(await storage.get(sync.id), undefined)
          else t.ok(await storage.get(sync.id))
        }
        t.same(
          idsOf(await all(other, {})).filter((id) => syncs.some((sync, n) => sync.id === id && removed[n])),
          [],
        )
      }
    })

    await t.test('two sweepers at once leave each sync in the history once', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const syncs = Array.from({ length: 40 }, () => aQueuedSync())
      for (const sync of syncs) await storage.create(sync)
      for (const sync of syncs) await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
      await Promise.all([storage.cleanup(after(TTL_MS)), other.cleanup(after(TTL_MS))])
      await storage.cleanup(after(TTL_MS))
      for (const instance of [storage, other]) t.same(idsOf(await all(instance, {})), idsOf(syncs).reverse())
    })

    await t.test(
      'a sync in the history can be changed, as by a redelivery, and of twenty changes one wins',
      async (t) => {
        const { storage, another } = await setUp(t)
        const other = await another()
        const sync = aQueuedSync({ webhook: { url: 'https://example.com/' } })
        await storage.create(sync)
        const ended = cancelSync(sync, NOW, TTL_MS)
        const told = {
          ...ended,
          webhook: { ...ended.webhook, state: 'delivered', nextAttemptAt: null },
        } as FinishedSync
        await storage.replace(told, 1)
        await storage.cleanup(after(8 * DAY_MS))
        t.same(await other.get(sync.id), told)
        const again = requestRedelivery(told, after(8 * DAY_MS), TTL_MS)
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? storage : other).replace(again, told.revision)),
        )
        t.equal(results.filter(Boolean).length, 1)
        for (const instance of [storage, other]) {
          t.same(await instance.get(sync.id), again)
          t.same(await all(instance, {}), [again])
          t.same(await all(instance, { webhook: 'pending' }), [again])
          t.equal(await instance.replace({ ...again, revision: 99 }, told.revision), false)
        }
        const last = {
          ...again,
          revision: again.revision + 1,
          webhook: told.webhook,
          expiresAt: after(9 * DAY_MS).toISOString(),
        }
        t.equal(await other.replace(last as Sync, again.revision), true)
        await storage.cleanup(after(9 * DAY_MS))
        for (const instance of [storage, other]) {
          t.same(await instance.get(sync.id), last, 'the later record counts')
          t.same(await all(instance, {}), [last])
        }
        t.equal(await storage.remove(sync.id, last.revision), true)
        t.same(await all(other, {}), [])
      },
    )

    await t.test('an id of the history is taken, and one that was never made is not found', async (t) => {
      const { storage } = await setUp(t)
      const sync = aQueuedSync()
      await storage.create(sync)
      await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
      await storage.cleanup(after(TTL_MS))
      await t.rejects(storage.create(sync), { code: 'SYNC_EXISTS' })
      t.equal(await storage.get(newSyncId()), undefined)
      t.equal(await storage.get(idAt(Date.parse('1999-01-01'), 1)), undefined)
      t.equal(await storage.remove(newSyncId(), 1), false)
      t.equal(await storage.replace({ ...aQueuedSync(), revision: 2 }, 1), false)
    })

    await t.test('usage and countByState leave the history out', async (t) => {
      const { storage } = await setUp(t)
      const [ended, live] = [
        { ...aQueuedSync(), createdBy: 'one' },
        { ...aQueuedSync(), createdBy: 'one' },
      ]
      for (const sync of [ended, live]) await storage.create(sync)
      await storage.replace(cancelSync(ended, NOW, TTL_MS), 1)
      await storage.cleanup(after(TTL_MS))
      for (const key of ['one', null]) t.equal((await storage.usage(key, after(TTL_MS))).records, 1)
      t.match(await storage.countByState(after(TTL_MS)), { queued: 1, cancelled: 0 })
      t.ok(await storage.get(ended.id))
    })
  })
}

/** Of every state in turn, of three spreadsheets and four keys, made over three days. */
function aSync(n: number): Sync {
  const id = idAt(NOW.getTime() - (2 - Math.floor(n / 20)) * DAY_MS + n, n)
  const body = aQueuedSync({ spreadsheet: `sheet-${n % 3}`, labels: { third: `${n % 3}`, text: `third-${n % 3}` } })
  const sync: ActiveSync = { ...body, id, createdBy: n % 4 === 3 ? null : `key-${n % 4}` }
  if (n % 3 === 0) return sync
  const ttlMs = n % 3 === 1 ? TTL_MS : 2 * TTL_MS
  return n % 2 === 0 ? cancelSync(sync, NOW, ttlMs) : failSync(sync, toProblem(new Error('for a test')), NOW, ttlMs)
}

function queued(sync: Sync): Pick<ActiveSync, 'id' | 'createdBy' | 'spreadsheet'> {
  const { id, createdBy, spreadsheet } = sync
  return { id, createdBy, spreadsheet }
}

function isWanted(sync: Sync, query: Omit<SyncQuery, 'pageSize'>): boolean {
  const { states, spreadsheetId, createdBy, webhook, labels = [], codes, text } = query
  return (
    (states === undefined || states.includes(sync.state)) &&
    (spreadsheetId === undefined || sync.spreadsheet.id === spreadsheetId) &&
    (createdBy === undefined || sync.createdBy === createdBy) &&
    (webhook === undefined || sync.webhook?.state === webhook) &&
    labels.every(([name, value]) => sync.labels[name] === value) &&
    (codes === undefined || codes.includes(sync.error?.code ?? '')) &&
    (text === undefined || `${sync.spreadsheet.id} ${sync.labels.text}`.includes(text.toLowerCase()))
  )
}

/** An id as it is made at this time. */
export function idAt(ms: number, n: number): string {
  const hex = ms.toString(16).padStart(12, '0')
  return `sync-${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${n.toString(16).padStart(12, '0')}`
}

/** All pages. */
async function all(storage: SyncStorage, query: Omit<SyncQuery, 'pageSize'>, pageSize = 50): Promise<Sync[]> {
  const syncs: Sync[] = []
  let pageToken: string | undefined
  do {
    const page = await storage.list({ ...query, pageSize, pageToken })
    syncs.push(...page.syncs)
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
  return syncs
}

function idsOf(syncs: readonly Sync[]): string[] {
  return syncs.map(({ id }) => id)
}

function after(ms: number): Date {
  return new Date(NOW.getTime() + ms)
}

function shuffled<T>(items: readonly T[]): T[] {
  return [...items.filter((_, n) => n % 2 === 1), ...items.filter((_, n) => n % 2 === 0)]
}
