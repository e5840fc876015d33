import type { Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import { toProblem } from '../../src/model/problem.ts'
import { ACTIVE_STATES, type FinishedSync, type Sync, TERMINAL_STATES } from '../../src/model/sync.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { RECORD_FORMAT } from '../../src/model/sync-record.ts'
import type { SyncQuery, SyncStorage } from '../../src/ports/sync-storage.ts'
import { cancelSync, claimSync, failSync, reportSync } from '../../src/syncs/sync.ts'
import { claimDelivery, type Deliverable, recordDelivery, requestRedelivery } from '../../src/syncs/webhook-delivery.ts'
import { aQueuedSync } from '../support/syncs.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')
const TTL_MS = 300_000
const EXPIRED = new Date(NOW.getTime() + TTL_MS)
const DELIVERED = { at: NOW, status: 204, error: null, durationMs: 1 }

const IDS_THAT_ARE_NONE = [
  '',
  'sync-',
  '../secret',
  'sync-../../../../etc/passwd',
  '%2e%2e%2fsecret',
  `${newSyncId()}/../x`,
  `${newSyncId()}\0`,
  ` ${newSyncId()}`,
  `${newSyncId()}\n`,
  newSyncId().toUpperCase(),
  'x'.repeat(10_240),
  '__proto__',
]

export interface StorageUnderTest {
  /**
   * Opens the same storage once more, as another process would: what one instance has stored the others see. The suite
   * closes it.
   */
  readonly open: () => Promise<SyncStorage>
  /** Makes the stored record of the sync unreadable, where a driver stores anything that can be. */
  readonly damage?: (id: string) => Promise<void>
  /** The stored record as it stands, where a driver stores records. */
  readonly raw?: {
    /** Puts this in the place of the record, as another release would. */
    readonly write: (id: string, record: object) => Promise<void>
    readonly read: (id: string) => Promise<unknown>
  }
}

/**
 * What every driver of SyncStorage promises. `makeStorage` makes an empty storage of its own for each test; a driver whose
 * records only one instance can see hands out that instance each time.
 */
export async function testSyncStorage(
  t: Test,
  name: string,
  makeStorage: (t: Test) => Promise<StorageUnderTest>,
): Promise<void> {
  async function setUp(t: Test): Promise<{ storage: SyncStorage; another: () => Promise<SyncStorage> }> {
    const { open } = await makeStorage(t)
    const another = async () => {
      const storage = await open()
      await storage.start()
      t.teardown(() => storage.close())
      return storage
    }
    return { storage: await another(), another }
  }

  await t.test(name, async (t) => {
    await t.test('a created sync comes back as it was, at once and by every way of reading', async (t) => {
      const { storage } = await setUp(t)
      const sync = aQueuedSync({ tabs: ["It's a tab", 7], labels: { team: 'Zoë 🙂' } })
      await storage.create(sync)
      t.same(await storage.get(sync.id), sync)
      t.same(await storage.peek(sync.id), sync)
      t.same((await storage.list({ pageSize: 10 })).syncs, [sync])
    })

    await t.test('an unknown sync is undefined, not an error', async (t) => {
      const { storage } = await setUp(t)
      t.equal(await storage.get(newSyncId()), undefined)
      t.equal(await storage.peek(newSyncId()), undefined)
      t.equal(await storage.replace({ ...aQueuedSync(), revision: 2 }, 1), false)
      t.equal(await storage.remove(newSyncId(), 1), false)
    })

    await t.test('create with an id that is taken rejects and changes nothing', async (t) => {
      const { storage } = await setUp(t)
      const sync = aQueuedSync({ labels: { which: 'first' } })
      await storage.create(sync)
      await t.rejects(storage.create({ ...sync, labels: { which: 'second' } }), { code: 'SYNC_EXISTS' })
      t.same(await storage.get(sync.id), sync)
    })

    await t.test('of twenty concurrent creates of one id exactly one wins', async (t) => {
      const { storage } = await setUp(t)
      const sync = aQueuedSync()
      const results = await Promise.allSettled(
        range(20).map((n) => storage.create({ ...sync, labels: { n: String(n) } })),
      )
      const won = results.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []))
      t.equal(won.length, 1)
      t.same((await storage.get(sync.id))?.labels, { n: String(won[0]) })
    })

    await t.test('replace stores the next revision, durable or not', async (t) => {
      const { storage } = await setUp(t)
      const first = aQueuedSync()
      await storage.create(first)
      const second = claimSync(first, 'an owner', NOW)
      t.equal(await storage.replace(second, 1), true)
      t.same(await storage.get(first.id), second)
      const third = reportSync(second, { progress: { percent: 40 } }, NOW)
      t.equal(await storage.replace(third, 2, { durable: false }), true)
      t.same(await storage.get(first.id), third)
      t.same(await storage.peek(first.id), third)
    })

    await t.test('replace may skip revisions, and refuses one that does not grow', async (t) => {
      const { storage } = await setUp(t)
      const sync = aQueuedSync()
      await storage.create(sync)
      t.equal(await storage.replace({ ...sync, revision: 5 }, 1), true)
      await t.rejects(storage.replace({ ...sync, revision: 5 }, 5), TypeError)
      t.equal((await storage.get(sync.id))?.revision, 5)
    })

    await t.test('replace with a stale revision changes nothing', async (t) => {
      const { storage } = await setUp(t)
      const first = aQueuedSync()
      await storage.create(first)
      const second = claimSync(first, 'the winner', NOW)
      await storage.replace(second, 1)
      t.equal(await storage.replace(claimSync(first, 'the loser', NOW), 1), false)
      t.equal(await storage.replace({ ...second, revision: 9 }, 8), false)
      t.same(await storage.get(first.id), second)
    })

    await t.test(
      'of twenty concurrent replaces of one revision exactly one wins, in one instance or in several',
      async (t) => {
        const { storage, another } = await setUp(t)
        const instances = [storage, await another(), await another()]
        for (let round = 0; round < 10; round++) {
          const sync = aQueuedSync()
          await storage.create(sync)
          const results = await Promise.all(
            range(20).map((n) => instances[n % 3]?.replace(claimSync(sync, `owner ${n}`, NOW), 1)),
          )
          t.equal(results.filter(Boolean).length, 1)
          const winner = `owner ${results.indexOf(true)}`
          for (const instance of instances) t.equal((await instance.get(sync.id))?.lease.owner, winner)
        }
      },
    )

    await t.test('many writers that read and replace in a loop lose no update', async (t) => {
      const { storage, another } = await setUp(t)
      const instances = [storage, await another()]
      const sync = aQueuedSync()
      await storage.create(sync)
      await Promise.all(
        range(8).map(async (n) => {
          const instance = instances[n % 2] ?? storage
          for (let done = 0; done < 10; ) {
            const current = await mustGet(instance, sync.id)
            const attempt = current.attempt + 1
            if (await instance.replace({ ...current, attempt, revision: current.revision + 1 }, current.revision))
              done++
          }
        }),
      )
      const end = await mustGet(storage, sync.id)
      t.equal(end.attempt, 80)
      t.equal(end.revision, 81)
    })

    await t.test('what one instance has stored another sees with its next read', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      let sync: Sync = aQueuedSync()
      await storage.create(sync)
      t.same(await other.get(sync.id), sync)
      for (let step = 0; step < 50; step++) {
        const [writer, reader] = step % 2 === 0 ? [storage, other] : [other, storage]
        const next: Sync = { ...sync, attempt: step, revision: sync.revision + 1 }
        t.equal(await writer.replace(next, sync.revision, { durable: step % 5 === 0 }), true)
        t.same(await reader.get(sync.id), next)
        sync = next
      }
      t.same((await other.list({ pageSize: 10 })).syncs, [sync])
      t.equal(await other.remove(sync.id, sync.revision), true)
      t.equal(await storage.get(sync.id), undefined)
      t.same((await storage.list({ pageSize: 10 })).syncs, [])
    })

    await t.test('the same object comes back while a sync is unchanged, and nobody can change it', async (t) => {
      const { storage, another } = await setUp(t)
      const sync = aQueuedSync()
      await storage.create(sync)
      for (const instance of [storage, await another()]) {
        const found = await mustGet(instance, sync.id)
        t.equal(await instance.get(sync.id), found)
        t.equal(await instance.peek(sync.id), found)
        t.throws(() => Object.assign(found.progress, { percent: 100 }), TypeError)
      }
      const next = claimSync(sync, 'an owner', NOW)
      await storage.replace(next, 1)
      const found = await storage.get(sync.id)
      t.not(found, sync)
      t.equal(await storage.get(sync.id), found)
    })

    await t.test('remove takes the revision that it was told, and no other', async (t) => {
      const { storage } = await setUp(t)
      const sync = aQueuedSync()
      await storage.create(sync)
      t.equal(await storage.remove(sync.id, 2), false)
      t.same(await storage.get(sync.id), sync)
      t.equal(await storage.remove(sync.id, 1), true)
      t.equal(await storage.get(sync.id), undefined)
      t.equal(await storage.peek(sync.id), undefined)
      t.equal(await storage.remove(sync.id, 1), false)
      t.equal(await storage.replace(claimSync(sync, 'too late', NOW), 1), false)
      t.same((await storage.list({ pageSize: 10 })).syncs, [])
    })

    await t.test('of a concurrent replace and remove exactly one wins', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      for (let round = 0; round < 20; round++) {
        const sync = aQueuedSync()
        await storage.create(sync)
        const [replaced, removed] = await Promise.all([
          storage.replace(claimSync(sync, 'an owner', NOW), 1),
          other.remove(sync.id, 1),
        ])
        t.not(replaced, removed)
        t.equal((await storage.get(sync.id))?.revision, replaced ? 2 : undefined)
      }
    })

    await t.test('an id that is no sync id is absent to readers and refused to writers', async (t) => {
      const { storage } = await setUp(t)
      for (const id of IDS_THAT_ARE_NONE) {
        t.equal(await storage.get(id), undefined)
        t.equal(await storage.peek(id), undefined)
        await t.rejects(storage.create({ ...aQueuedSync(), id }), TypeError)
        await t.rejects(storage.replace({ ...aQueuedSync(), id, revision: 2 }, 1), TypeError)
        await t.rejects(storage.remove(id, 1), TypeError)
      }
    })

    await t.test('list shows the newest first, page after page', async (t) => {
      const { storage } = await setUp(t)
      const syncs = range(25).map(() => aQueuedSync())
      for (const sync of shuffled(syncs)) await storage.create(sync)
      const pages = await allPages(storage, { pageSize: 10 })
      t.same(
        pages.map((page) => page.length),
        [10, 10, 5],
      )
      t.same(
        pages.flat().map(({ id }) => id),
        syncs.map(({ id }) => id).reverse(),
      )
    })

    await t.test('a last page that is full names no next one', async (t) => {
      const { storage } = await setUp(t)
      for (const sync of range(4).map(() => aQueuedSync())) await storage.create(sync)
      t.same(
        (await allPages(storage, { pageSize: 2 })).map((page) => page.length),
        [2, 2],
      )
      t.same(await storage.list({ pageSize: 2, states: ['failed'] }), { syncs: [] })
    })

    await t.test('a page ends before its records are too many bytes, and no sync is left out', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const long = { text: 'x'.repeat(200) }
      const syncs = range(12).map((n) => aQueuedSync({ labels: n === 5 ? { ...long, more: 'y'.repeat(250) } : long }))
      for (const sync of syncs) await storage.create(sync)
      const size = JSON.stringify(syncs[0]).length
      for (const instance of [storage, other]) {
        const pages = await allPages(instance, { pageSize: 10, maxBytes: Math.floor(4.5 * size) })
        t.ok(
          pages.every(({ length }) => length >= 2 && length <= 4),
          `pages of ${pages.map(({ length }) => length)}`,
        )
        t.same(pages.flat(), syncs.toReversed())
        const single = await allPages(instance, { pageSize: 10, maxBytes: 1 })
        t.equal(single.length, 12, 'one sync is always there')
        t.same(single.flat(), syncs.toReversed())
      }
    })

    await t.test('list filters by state and spreadsheet, as they are now', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const [one, two, three] = [aQueuedSync(), aQueuedSync(), aQueuedSync({ spreadsheet: 'another-one' })]
      for (const sync of [one, two, three]) await storage.create(sync)
      await other.list({ pageSize: 10 })
      const running = claimSync(one, 'an owner', NOW)
      await storage.replace(running, 1)
      await storage.replace(cancelSync(two, NOW, TTL_MS), 1)
      for (const instance of [storage, other]) {
        const find = async (query: Omit<SyncQuery, 'pageSize'>) =>
          (await instance.list({ ...query, pageSize: 10 })).syncs.map(({ id }) => id)
        t.same(await find({ states: ['running'] }), [one.id])
        t.same(await find({ states: ['queued', 'cancelled'] }), [three.id, two.id])
        t.same(await find({ states: ACTIVE_STATES }), [three.id, one.id])
        t.same(await find({ states: TERMINAL_STATES }), [two.id])
        t.same(await find({ spreadsheetId: 'a-spreadsheet' }), [two.id, one.id])
        t.same(await find({ spreadsheetId: 'another-one', states: ['running'] }), [])
        t.same(await find({ spreadsheetId: 'unknown' }), [])
      }
    })

    await t.test('list filters by the API key that asked, and what nobody asked for is of no key', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const syncs = [null, 'one', 'two', 'one'].map((createdBy) => ({ ...aQueuedSync(), createdBy }))
      for (const sync of syncs) await storage.create(sync)
      const [unowned, first, second, third] = syncs.map(({ id }) => id)
      await storage.replace(cancelSync(syncs[1] as Sync, NOW, TTL_MS), 1)
      for (const instance of [storage, other]) {
        const find = async (query: Omit<SyncQuery, 'pageSize'>) =>
          (await instance.list({ ...query, pageSize: 10 })).syncs.map(({ id }) => id)
        t.same(await find({ createdBy: 'one' }), [third, first])
        t.same(await find({ createdBy: 'two' }), [second])
        t.same(await find({ createdBy: 'nobody' }), [])
        t.same(await find({ createdBy: 'null' }), [])
        t.same(await find({ createdBy: 'one', states: ACTIVE_STATES }), [third])
        t.same(await find({}), [third, second, first, unowned])
      }
    })

    await t.test('list filters by schedule, whatever has become of its runs', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const runs = [null, 'schedule-one', 'schedule-two', 'schedule-one']
      const syncs = runs.map((scheduleId) => ({ ...aQueuedSync(), scheduleId, background: scheduleId !== null }))
      for (const sync of syncs) await storage.create(sync)
      const [none, first, second, third] = syncs.map(({ id }) => id)
      await storage.replace(cancelSync(syncs[1] as Sync, NOW, TTL_MS), 1)
      for (const instance of [storage, other]) {
        const page = (query: Partial<SyncQuery>) => instance.list({ pageSize: 10, ...query })
        const find = async (query: Partial<SyncQuery>) => (await page(query)).syncs.map(({ id }) => id)
        t.same(await find({ scheduleId: 'schedule-one' }), [third, first])
        t.same(await find({ scheduleId: 'schedule-two' }), [second])
        t.same(await find({ scheduleId: 'schedule-none' }), [])
        t.same(await find({ scheduleId: 'schedule-one', states: ACTIVE_STATES }), [third])
        t.same(await find({ scheduleId: 'schedule-one', spreadsheetId: 'another' }), [])
        t.same(await find({}), [third, second, first, none])
        const { nextPageToken } = await page({ scheduleId: 'schedule-one', pageSize: 1 })
        t.same(await find({ scheduleId: 'schedule-one', pageToken: nextPageToken }), [first])
        await t.rejects(find({ scheduleId: 'schedule-two', pageToken: nextPageToken }), { code: 'PAGE_TOKEN_INVALID' })
      }
    })

    await t.test('list searches by labels, error code and text, all of which must hold', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const [plain, sales, titled] = [
        aQueuedSync({ spreadsheet: 'Another_One' }),
        aQueuedSync({ labels: { team: 'Sales = north', week: '48' } }),
        aQueuedSync({ labels: { team: 'ops' } }),
      ]
      for (const sync of [plain, sales, titled]) await storage.create(sync)
      const title = 'Größe & "Ärger" 100%_\\'
      const failed = { ...titled, spreadsheet: { ...titled.spreadsheet, title } }
      const error = toProblem(new AppError('SHEET_FORBIDDEN', 'not shared'))
      await storage.replace(failSync(failed, error, NOW, TTL_MS), 1)
      for (const instance of [storage, other]) {
        const find = async (query: Partial<SyncQuery>) =>
          (await allPages(instance, { pageSize: 10, ...query })).flat().map(({ id }) => id)
        t.same(await find({ labels: [['team', 'Sales = north']] }), [sales.id])
        t.same(await find({ labels: [['team', 'sales = north']] }), [], 'labels are as they were given')
        t.same(await find({ labels: [['__proto__', '48']] }), [])
        const both = [
          ['team', 'Sales = north'],
          ['week', '48'],
        ] as const
        t.same(await find({ labels: both }), [sales.id])
        t.same(await find({ labels: [...both, ['week', '47']] }), [])
        t.same(await find({ codes: ['SHEET_FORBIDDEN', 'INTERNAL'] }), [titled.id])
        t.same(await find({ codes: ['SHEET_FORBIDDEN'], states: ['queued'] }), [])
        t.same(await find({ codes: ['INTERNAL'] }), [])
        for (const text of ['größe', 'ÄRGER"', '100%_\\', title]) t.same(await find({ text }), [titled.id], text)
        for (const text of ['another_one', 'Another_One', plain.id.slice(5, 41).toUpperCase()]) {
          t.same(await find({ text }), [plain.id], text)
        }
        t.same(await find({ text: 'SALES =' }), [sales.id])
        t.same(await find({ text: 'team' }), [], 'the name of a label is no text of it')
        t.same(await find({ text: 'O' }), [titled.id, sales.id, plain.id])
        t.same(await find({ text: 'O', labels: [['team', 'ops']], codes: ['SHEET_FORBIDDEN'] }), [titled.id])
        t.same(await find({ text: '%' }), [titled.id], 'no character is a wildcard')
      }
    })

    await t.test('a search for what is rare ends after so many bytes, and goes on from there', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const syncs = range(30).map((n) => aQueuedSync({ labels: { n: String(n), rare: n === 3 ? 'needle' : 'hay' } }))
      for (const sync of syncs) await storage.create(sync)
      const maxBytes = Math.floor(5.5 * JSON.stringify(syncs[0]).length)
      for (const instance of [storage, other]) {
        const pages = await allPages(instance, { text: 'needle', pageSize: 10, maxBytes })
        t.same(pages.flat(), [syncs[3]])
        t.ok(pages.length >= 5 && pages.length <= 8, `${pages.length} pages`)
        t.same(pages[0], [], 'a page may hold none')
        const twos = await allPages(instance, { text: 'hay', pageSize: 2 })
        t.same(twos.flat(), syncs.filter((_, n) => n !== 3).toReversed())
        const { nextPageToken: pageToken } = await instance.list({ text: 'Needle', pageSize: 10, maxBytes })
        t.ok(await instance.list({ text: 'needle', pageSize: 10, pageToken }), 'case does not matter to a token either')
        for (const query of [{ text: 'hay' }, {}, { text: 'needle', codes: ['INTERNAL'] }]) {
          await t.rejects(instance.list({ ...query, pageSize: 10, pageToken }), { code: 'PAGE_TOKEN_INVALID' })
        }
      }
    })

    await t.test('a list tells nothing of what is not visible, be it searched for or not', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const identities = ['ann', 'ben', null, 'ann', 'ann', 'ben', 'ann', 'ann'] as const
      const syncs = identities.map((identity) => ({ ...aQueuedSync({ labels: { of: `${identity}` } }), identity }))
      for (const sync of syncs) await storage.create(sync)
      const bens = syncs.filter(({ identity }) => identity === 'ben').toReversed()
      const isVisible: SyncQuery['isVisible'] = ({ identity }) => identity === 'ben'
      for (const instance of [storage, other]) {
        for (const query of [
          {},
          { states: ['queued'] as const },
          { text: 'ben' },
          { labels: [['of', 'ben']] as const },
        ]) {
          t.same(
            await allPages(instance, { ...query, isVisible, pageSize: 1 }),
            bens.map((sync) => [sync]),
          )
        }
        for (const text of ['ann', 'nobody']) {
          t.same(await instance.list({ text, isVisible, pageSize: 1 }), { syncs: [] }, text)
        }
        const maxBytes = Math.floor(2.5 * JSON.stringify(syncs[0]).length)
        const pages = await allPages(instance, { isVisible, pageSize: 10, maxBytes })
        t.same(pages.flat(), bens)
        t.ok(pages.length >= 3, `what is passed over counts too: ${pages.length} pages`)
      }
    })

    await t.test('list finds the syncs whose webhook is pending, as they are now, whoever made them so', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const webhook = { url: 'https://example.com/hook' }
      const [one, two, three] = [aQueuedSync({ webhook }), aQueuedSync({ webhook }), aQueuedSync()]
      for (const sync of [one, two, three]) await storage.create(sync)
      const pendingAre = async (expected: readonly Sync[], when: string) => {
        for (const instance of [other, storage, await another()]) {
          const { syncs } = await instance.list({ webhook: 'pending', pageSize: 10 })
          t.same(
            syncs.map(({ id }) => id),
            expected.map(({ id }) => id),
            when,
          )
        }
      }
      await pendingAre([], 'none has ended')
      const ended = cancelSync(one, NOW, TTL_MS) as Deliverable
      await storage.replace(ended, 1)
      await storage.replace(cancelSync(three, NOW, TTL_MS), 1)
      await pendingAre([one], 'one has ended, and one without a webhook')
      await storage.replace(cancelSync(two, NOW, TTL_MS), 1)
      await pendingAre([two, one], 'both have ended')
      const claimed = claimDelivery(ended, NOW, TTL_MS)
      await storage.replace(claimed, ended.revision)
      await pendingAre([two, one], 'an attempt is under way')
      const delivered = recordDelivery(claimed, DELIVERED, NOW, { ttlMs: TTL_MS, random: 0 })
      await storage.replace(delivered, claimed.revision)
      await pendingAre([two], 'one is delivered')
      await storage.replace(requestRedelivery(delivered, NOW, TTL_MS), delivered.revision)
      await pendingAre([two, one], 'it is to be delivered once more')
      await storage.remove(one.id, delivered.revision + 1)
      await pendingAre([two], 'it was forgotten')
    })

    await t.test('a sync is kept for its webhook, and one TTL longer', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const sync = aQueuedSync({ webhook: { url: 'https://example.com/hook' } })
      await storage.create(sync)
      const ended = cancelSync(sync, NOW, TTL_MS) as Deliverable
      await storage.replace(ended, 1)
      for (const instance of [storage, other]) {
        await instance.list({ pageSize: 10 })
        t.same((await instance.cleanup(EXPIRED)).removed, [], 'it is pending')
      }
      const late = new Date(NOW.getTime() + 1000 * TTL_MS)
      const delivered = recordDelivery(claimDelivery(ended, late, TTL_MS), DELIVERED, late, {
        ttlMs: TTL_MS,
        random: 0,
      })
      await storage.replace(delivered, ended.revision)
      t.same((await other.cleanup(new Date(late.getTime() + TTL_MS - 1))).removed, [])
      t.same((await other.cleanup(new Date(late.getTime() + TTL_MS))).removed, [sync.id])
    })

    await t.test('a page token stays good while syncs come and go', async (t) => {
      const { storage } = await setUp(t)
      const syncs = range(6).map(() => aQueuedSync())
      for (const sync of syncs) await storage.create(sync)
      const first = await storage.list({ pageSize: 2 })
      const last = first.syncs[1]
      t.equal(last?.id, syncs[4]?.id)
      await storage.remove(last?.id ?? '', 1)
      await storage.remove(syncs[3]?.id ?? '', 1)
      await storage.create(aQueuedSync())
      const second = await storage.list({ pageSize: 2, pageToken: first.nextPageToken ?? '' })
      t.same(
        second.syncs.map(({ id }) => id),
        [syncs[2]?.id, syncs[1]?.id],
      )
    })

    await t.test('a page token that was not given out for the query is refused', async (t) => {
      const { storage } = await setUp(t)
      for (const sync of range(3).map(() => aQueuedSync())) await storage.create(sync)
      const token = (await storage.list({ pageSize: 1 })).nextPageToken ?? ''
      const foreign = [
        '',
        'x',
        '%',
        `${token}=`,
        `${token}A`,
        token.slice(0, -2),
        Buffer.from('../x').toString('base64url'),
      ]
      for (const pageToken of foreign) {
        await t.rejects(storage.list({ pageSize: 1, pageToken }), { code: 'PAGE_TOKEN_INVALID' })
      }
      await t.rejects(storage.list({ pageSize: 1, pageToken: token, states: ['failed'] }), {
        code: 'PAGE_TOKEN_INVALID',
      })
      t.equal((await storage.list({ pageSize: 1, pageToken: token })).syncs.length, 1)
    })

    await t.test('cleanup removes finished syncs that have expired, and nothing else', async (t) => {
      const { storage, another } = await setUp(t)
      const [finished, later, queued, running] = [aQueuedSync(), aQueuedSync(), aQueuedSync(), aQueuedSync()]
      for (const sync of [finished, later, queued, running]) await storage.create(sync)
      await storage.replace(cancelSync(finished, NOW, TTL_MS), 1)
      await storage.replace(cancelSync(later, NOW, TTL_MS + 1), 1)
      await storage.replace(claimSync(running, 'an owner', NOW), 1)
      t.same((await storage.cleanup(new Date(EXPIRED.getTime() - 1))).removed, [])
      t.same(await storage.cleanup(EXPIRED), { removed: [finished.id], quarantined: [], leftovers: 0 })
      for (const instance of [storage, await another()]) {
        t.equal(await instance.get(finished.id), undefined)
        t.same(
          (await instance.list({ pageSize: 10 })).syncs.map(({ id }) => id),
          [running.id, queued.id, later.id],
        )
      }
    })

    await t.test('a live sync is never cleaned up, however late it is', async (t) => {
      const { storage } = await setUp(t)
      const sync = claimSync(aQueuedSync(), 'an owner', NOW)
      await storage.create({ ...sync, revision: 1 })
      t.same((await storage.cleanup(new Date('2100-01-01T00:00:00Z'))).removed, [])
      t.equal((await storage.get(sync.id))?.state, 'running')
    })

    await t.test(
      'two sweepers at once remove each expired sync once, and readers see it whole or not at all',
      async (t) => {
        const { storage, another } = await setUp(t)
        const other = await another()
        const syncs = range(20).map(() => aQueuedSync())
        for (const sync of syncs) await storage.create(sync)
        for (const sync of syncs) await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
        let sweeping = true
        const reading = (async () => {
          while (sweeping) {
            for (const { id } of syncs) t.match((await other.get(id))?.revision ?? 'absent', /^(2|absent)$/)
          }
        })()
        const reports = await Promise.all([storage.cleanup(EXPIRED), other.cleanup(EXPIRED)])
        sweeping = false
        await reading
        t.same(reports.flatMap(({ removed }) => removed).sort(), syncs.map(({ id }) => id).sort())
      },
    )

    await t.test(
      'how a sync ended that answers a key, or is a run, is noted before it is removed, and of no other',
      async (t) => {
        const { storage, another } = await setUp(t)
        const other = await another()
        const [keyed, refused, run, plain] = [
          { ...aQueuedSync(), keyed: true },
          { ...aQueuedSync(), keyed: true },
          { ...aQueuedSync(), scheduleId: 'a-schedule' },
          aQueuedSync(),
        ]
        for (const sync of [keyed, refused, run, plain]) await storage.create(sync)
        for (const sync of [keyed, refused, run, plain]) await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
        const noted: string[] = []
        let isRefusing = true
        const rememberEnd = async (sync: FinishedSync) => {
          t.match(await other.get(sync.id), { state: 'cancelled' }, 'it is still there')
          if (isRefusing && sync.id === refused.id) throw new AppError('STORAGE_FULL', 'no space')
          noted.push(sync.id)
        }
        await storage
          .cleanup(EXPIRED, { rememberEnd })
          .catch((error: unknown) => t.match(error, { code: 'STORAGE_FULL' }))
        t.ok(await other.get(refused.id), 'what could not be noted stays')
        isRefusing = false
        await storage.cleanup(EXPIRED, { rememberEnd })
        for (const { id } of [keyed, refused, run, plain]) t.equal(await other.get(id), undefined)
        t.same([...new Set(noted)].sort(), [keyed.id, refused.id, run.id].sort())
      },
    )

    await t.test('a cleanup that is aborted begins nothing more, and the next one goes on', async (t) => {
      const { storage } = await setUp(t)
      const syncs = range(20).map(() => ({ ...aQueuedSync(), keyed: true }))
      for (const sync of syncs) await storage.create(sync)
      for (const sync of syncs) await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
      const stop = new AbortController()
      const first = await storage.cleanup(EXPIRED, {
        signal: stop.signal,
        rememberEnd: async () => stop.abort(),
      })
      t.ok(first.removed.length < syncs.length, `${first.removed.length} are removed at first`)
      const second = await storage.cleanup(EXPIRED)
      t.same([...first.removed, ...second.removed].sort(), syncs.map(({ id }) => id).sort())
    })

    await t.test('a record that a newer release has written is kept as it is, and no other is harmed', async (t) => {
      const { open, raw } = await makeStorage(t)
      if (raw === undefined) return
      const [first, second] = [await open(), await open()]
      for (const instance of [first, second]) {
        await instance.start()
        t.teardown(() => instance.close())
      }
      const [active, ended, sound] = [aQueuedSync(), cancelSync(aQueuedSync(), NOW, TTL_MS), aQueuedSync()]
      for (const sync of [active, ended, sound]) await first.create(sync)
      t.equal((await second.list({ pageSize: 10 })).syncs.length, 3)
      await raw.write(active.id, { format: RECORD_FORMAT + 1, id: active.id, revision: 2, state: 'archived' })
      await raw.write(ended.id, {
        format: RECORD_FORMAT + 1,
        ...ended,
        revision: ended.revision + 1,
        error: 'of another kind',
      })
      const written = [await raw.read(active.id), await raw.read(ended.id)]
      const isKept = async (instance: SyncStorage) => {
        for (const sync of [active, ended]) {
          await t.rejects(instance.get(sync.id), { code: 'STATUS_FORMAT_NEWER', hint: /upgrade/ })
          await t.rejects(async () => instance.peek(sync.id), { code: 'STATUS_FORMAT_NEWER' })
          for (const revision of [sync.revision, sync.revision + 1]) {
            const next = { ...sync, revision: revision + 1 }
            t.equal(await instance.replace(next, revision).catch(() => false), false)
            t.equal(await instance.remove(sync.id, revision).catch(() => false), false)
          }
          await t.rejects(instance.create({ ...sync, revision: 1 }), { code: 'SYNC_EXISTS' })
        }
        t.same((await instance.list({ pageSize: 10 })).syncs, [sound])
        t.same((await instance.list({ pageSize: 10, states: TERMINAL_STATES })).syncs, [])
        t.same(await instance.get(sound.id), sound)
        t.same(await instance.cleanup(new Date(EXPIRED.getTime() + TTL_MS)), {
          removed: [],
          quarantined: [],
          leftovers: 0,
        })
      }
      const third = await open()
      await third.start()
      t.teardown(() => third.close())
      for (const instance of [first, second, third, first]) await isKept(instance)
      t.same([await raw.read(active.id), await raw.read(ended.id)], written, 'not a byte of them has changed')
    })

    await t.test('a record of an older release, which has no format number, is read', async (t) => {
      const { open, raw } = await makeStorage(t)
      if (raw === undefined) return
      const storage = await open()
      await storage.start()
      t.teardown(() => storage.close())
      const sync = aQueuedSync()
      await storage.create(sync)
      const claimed = claimSync(sync, 'an older release', NOW)
      const { createdBy: _createdBy, webhook: _webhook, traceparent: _traceparent, ...older } = claimed
      await raw.write(sync.id, older)
      t.same(await storage.get(sync.id), claimed)
      t.equal(await storage.replace(reportSync(claimed, { progress: { percent: 40 } }, NOW), claimed.revision), true)
      t.match(await storage.get(sync.id), { progress: { percent: 40 } })
    })

    await t.test("an unreadable record is an error, not absent, and is nobody else's trouble", async (t) => {
      const { open, damage } = await makeStorage(t)
      if (damage === undefined) return
      const storage = await open()
      await storage.start()
      t.teardown(() => storage.close())
      const [damaged, sound] = [aQueuedSync(), aQueuedSync()]
      for (const sync of [damaged, sound]) await storage.create(sync)
      await damage(damaged.id)
      const other = await open()
      await other.start()
      t.teardown(() => other.close())
      const isTold = async () => {
        for (const instance of [storage, other]) {
          await t.rejects(instance.get(damaged.id), { code: 'STATUS_CORRUPT' })
          await t.rejects(async () => instance.peek(damaged.id), { code: 'STATUS_CORRUPT' })
          await t.rejects(instance.replace(claimSync(damaged, 'x', NOW), 1), { code: 'STATUS_CORRUPT' })
          await t.rejects(instance.remove(damaged.id, 1), { code: 'STATUS_CORRUPT' })
          t.same(await instance.get(sound.id), sound)
          t.same((await instance.list({ pageSize: 10 })).syncs, [sound])
        }
      }
      await isTold()
      const { removed, quarantined } = await storage.cleanup(NOW)
      t.same(removed, [])
      t.equal(quarantined.length, 1)
      t.match(quarantined[0], damaged.id)
      await isTold()
      t.same((await other.cleanup(NOW)).quarantined, [])
    })

    await t.test('a change is told to who watches the sync, in the same instance and in another', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const sync = aQueuedSync()
      await storage.create(sync)
      let revision = 1
      for (const watching of [storage, other]) {
        for (const writing of [storage, other]) {
          for (const durable of [true, false]) {
            const changed = nextRevision(watching, sync.id, revision)
            await writing.replace({ ...sync, revision: revision + 1 }, revision, { durable })
            revision++
            t.equal(await changed, revision)
          }
        }
      }
    })

    await t.test('a sync may be watched before it is there', async (t) => {
      const { storage, another } = await setUp(t)
      const sync = aQueuedSync()
      const told = [storage, await another()].map((instance) => nextRevision(instance, sync.id, 0))
      await storage.create(sync)
      t.same(await Promise.all(told), [1, 1])
    })

    await t.test('a removal is told, by whomever and however the sync was removed', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const [removed, expired] = [aQueuedSync(), aQueuedSync()]
      for (const sync of [removed, expired]) await storage.create(sync)
      await storage.replace(cancelSync(expired, NOW, TTL_MS), 1)
      const told = [storage, other].flatMap((instance) => [
        untilGone(instance, removed.id),
        untilGone(instance, expired.id),
      ])
      t.equal(await other.remove(removed.id, 1), true)
      await storage.cleanup(EXPIRED)
      await Promise.all(told)
    })

    await t.test('after the stop nothing is told, and others who watch still are', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const sync = aQueuedSync()
      await storage.create(sync)
      let told = 0
      const listener = () => told++
      const stop = storage.watch(sync.id, listener)
      const stopAgain = storage.watch(sync.id, listener)
      stop()
      stop()
      stopAgain()
      const changed = nextRevision(storage, sync.id, 1)
      await other.replace({ ...sync, revision: 2 }, 1)
      await changed
      const changedHere = nextRevision(storage, sync.id, 2)
      await storage.replace({ ...sync, revision: 3 }, 2)
      await changedHere
      t.equal(told, 0)
    })

    await t.test('thousands watch one sync, and each is told', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const sync = aQueuedSync()
      await storage.create(sync)
      const watching = range(3000).map(() => {
        const told = Promise.withResolvers<void>()
        return { told: told.promise, stop: storage.watch(sync.id, () => told.resolve()) }
      })
      await other.replace({ ...sync, revision: 2 }, 1)
      await Promise.all(watching.map(({ told }) => told))
      for (const { stop } of watching) stop()
    })

    await t.test('a watcher that throws harms neither the writer nor the other watchers', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const sync = aQueuedSync()
      await storage.create(sync)
      let thrown = 0
      const fail = () => {
        thrown++
        throw new Error('a defect of the watcher')
      }
      const stops = [storage.watch(sync.id, fail)]
      const changed = nextRevision(storage, sync.id, 1)
      stops.push(storage.watch(sync.id, fail))
      t.equal(await storage.replace({ ...sync, revision: 2 }, 1), true)
      t.equal(await changed, 2)
      const changedByOther = nextRevision(storage, sync.id, 2)
      t.equal(await other.replace({ ...sync, revision: 3 }, 2), true)
      t.equal(await changedByOther, 3)
      t.ok(thrown >= 2)
      for (const stop of stops) stop()
    })

    await t.test('every change is told to who watches all syncs, in the same instance and in another', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const [old, expiring, removed] = [aQueuedSync(), aQueuedSync(), aQueuedSync()]
      for (const sync of [old, expiring, removed]) await storage.create(sync)
      await storage.replace(cancelSync(expiring, NOW, TTL_MS), 1)
      await storage.replace(cancelSync(removed, NOW, TTL_MS), 1)
      const watching = await Promise.all([storage, other].map((instance) => watchAll(t, instance)))
      const toldOf = (id: string) => Promise.all(watching.map(({ next }) => next(id)))
      for (const writing of [storage, other]) {
        const sync = aQueuedSync()
        const created = toldOf(sync.id)
        await writing.create(sync)
        await created
        for (const [revision, durable] of [
          [1, false],
          [2, true],
        ] as const) {
          const replaced = toldOf(sync.id)
          await writing.replace({ ...sync, revision: revision + 1 }, revision, { durable })
          await replaced
        }
        const ended = toldOf(sync.id)
        await writing.replace(cancelSync({ ...sync, revision: 3 }, NOW, 2 * TTL_MS), 3)
        await ended
      }
      const gone = toldOf(removed.id)
      t.equal(await other.remove(removed.id, 2), true)
      await gone
      const swept = toldOf(expiring.id)
      await storage.cleanup(EXPIRED)
      await swept
      t.notOk(
        watching.some(({ ids }) => ids.has(old.id)),
        'what has not changed is not told',
      )
    })

    await t.test(
      'an end in another instance is told to who watches all syncs, though a list here has met it before',
      async (t) => {
        const { storage, another } = await setUp(t)
        const other = await another()
        const watching = await watchAll(t, storage)
        for (let count = 0; count < 3; count++) {
          const sync = aQueuedSync()
          const created = watching.next(sync.id)
          await other.create(sync)
          await created
          const ended = watching.next(sync.id)
          await other.replace(cancelSync(sync, NOW, TTL_MS), 1)
          t.equal((await storage.list({ pageSize: 10, states: ['cancelled'] })).syncs.length, count + 1)
          await storage.cleanup(NOW)
          await ended
        }
      },
    )

    await t.test('who has stopped watching all syncs is told no more, and others still are', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      let told = 0
      const stops = [await storage.watchAll(() => told++), await storage.watchAll(() => told++)]
      const staying = await watchAll(t, storage)
      for (const stop of [...stops, ...stops]) stop()
      for (const writing of [storage, other]) {
        const sync = aQueuedSync()
        const created = staying.next(sync.id)
        await writing.create(sync)
        await created
      }
      t.equal(told, 0)
      staying.stop()
      await storage.create(aQueuedSync())
      const again = await watchAll(t, storage)
      const sync = aQueuedSync()
      const created = again.next(sync.id)
      await other.create(sync)
      await created
    })

    await t.test('close ends all watching', async (t) => {
      const { open } = await makeStorage(t)
      const storage = await open()
      await storage.start()
      const sync = aQueuedSync()
      await storage.create(sync)
      let told = 0
      const stop = storage.watch(sync.id, () => told++)
      await storage.close()
      const before = told
      const later = storage.watch(sync.id, () => told++)
      const other = await open()
      await other.start()
      t.teardown(() => other.close())
      if (other !== storage) {
        const changed = nextRevision(other, sync.id, 1)
        await other.replace({ ...sync, revision: 2 }, 1)
        await changed
      }
      t.equal(told, before)
      for (const end of [stop, later]) end()
    })

    await t.test('usage counts what is kept of a key, whatever its state, and about its bytes', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      t.same(await storage.usage('one', NOW), { records: 0, bytes: 0 })
      t.same(await storage.usage(null, NOW), { records: 0, bytes: 0 })
      const labels = Object.fromEntries(range(16).map((n) => [`label${n}`, newSyncId().repeat(4)]))
      const syncs = ['one', 'one', 'two', null].map((createdBy) => ({ ...aQueuedSync({ labels }), createdBy }))
      for (const sync of syncs) await storage.create(sync)
      const ended = cancelSync(syncs[0] as Sync, NOW, TTL_MS)
      await storage.replace(ended, 1)
      for (const instance of [storage, other]) {
        const usage = await instance.usage('one', NOW)
        t.equal(usage.records, 2)
        t.ok(usage.bytes > 1000 && usage.bytes < 20_000, `${usage.bytes} bytes`)
        t.equal((await instance.usage('two', NOW)).records, 1)
        t.equal((await instance.usage('nobody', NOW)).records, 0)
        t.equal((await instance.usage(null, NOW)).records, 4)
      }
      await storage.remove(ended.id, ended.revision)
      t.equal((await storage.usage('one', NOW)).records, 1)
    })

    await t.test('countByState counts what is kept in each state, whoever has changed it', async (t) => {
      const { storage, another } = await setUp(t)
      const other = await another()
      const none = { queued: 0, running: 0, cancelling: 0, interrupted: 0, succeeded: 0, failed: 0, cancelled: 0 }
      t.same(await storage.countByState(NOW), none)
      const syncs = range(5).map(() => aQueuedSync())
      const [first, second, third] = syncs as [Sync, Sync, Sync]
      for (const sync of syncs) await storage.create(sync)
      for (const instance of [storage, other]) t.same(await instance.countByState(NOW), { ...none, queued: 5 })
      await other.replace(claimSync(first, 'owner', NOW), 1)
      await other.replace(cancelSync(second, NOW, TTL_MS), 1)
      await storage.replace(cancelSync(third, NOW, TTL_MS), 1)
      const counts = { ...none, queued: 2, running: 1, cancelled: 2 }
      for (const instance of [storage, other]) t.same(await instance.countByState(NOW), counts)
      await storage.remove(third.id, 2)
      t.same(await storage.countByState(NOW), { ...counts, cancelled: 1 })
    })

    await t.test('checkWritable resolves on a storage that is well, and leaves nothing', async (t) => {
      const { storage } = await setUp(t)
      await storage.checkWritable()
      t.same((await storage.list({ pageSize: 10 })).syncs, [])
    })

    await t.test('close waits for writes under way, and may be called again', async (t) => {
      const { open } = await makeStorage(t)
      const storage = await open()
      await storage.start()
      const syncs = range(10).map(() => aQueuedSync())
      let settled = 0
      const writes = syncs.map((sync) => storage.create(sync).then(() => settled++))
      await storage.close()
      t.equal(settled, 10)
      await storage.close()
      await Promise.all(writes)
    })
  })
}

async function mustGet(storage: SyncStorage, id: string): Promise<Sync> {
  const sync = await storage.get(id)
  if (sync === undefined) throw new AppError('SYNC_NOT_FOUND', id)
  return sync
}

/** Resolves to the revision that is found once a change after `seen` was told. */
function nextRevision(storage: SyncStorage, id: string, seen: number): Promise<number> {
  return told(storage, id, (sync) => (sync !== undefined && sync.revision > seen ? sync.revision : undefined))
}

function untilGone(storage: SyncStorage, id: string): Promise<true> {
  return told(storage, id, (sync) => (sync === undefined ? true : undefined))
}

/** Asks `get` whenever the watch tells, and never otherwise, until it answers what is waited for. */
function told<T>(storage: SyncStorage, id: string, wanted: (sync: Sync | undefined) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = storage.watch(id, () => {
      storage.get(id).then((sync) => {
        const found = wanted(sync)
        if (found === undefined) return
        stop()
        resolve(found)
      }, reject)
    })
  })
}

/** Watches all syncs; `next` resolves once the sync is told from now on. */
async function watchAll(t: Test, storage: SyncStorage) {
  const ids = new Set<string>()
  const waiting = new Map<string, () => void>()
  const stop = await storage.watchAll((id) => {
    if (id === undefined) {
      for (const resolve of waiting.values()) resolve()
      return
    }
    ids.add(id)
    waiting.get(id)?.()
  })
  t.teardown(stop)
  return { ids, stop, next: (id: string) => new Promise<void>((resolve) => waiting.set(id, resolve)) }
}

async function allPages(storage: SyncStorage, query: SyncQuery): Promise<Sync[][]> {
  const pages: Sync[][] = []
  let pageToken: string | undefined
  do {
    const page = await storage.list({ ...query, ...(pageToken === undefined ? {} : { pageToken }) })
    pages.push([...page.syncs])
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
  return pages
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}

/** Odd ones first, so that the order of creation is not the order of ids. */
function shuffled<T>(items: readonly T[]): T[] {
  return [...items.filter((_, n) => n % 2 === 1), ...items.filter((_, n) => n % 2 === 0)]
}
