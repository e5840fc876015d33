import type { Test } from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { type DraftKey, DraftSuperseded, type SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { isLive } from '../../src/syncs/live-sync.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import type { OpenStore } from './conformance.ts'
import { manifestOf, publishedText, publishFiles, SPREADSHEET, stagedText } from './manifests.ts'

const bytes = (text: string) => Buffer.from(text)
const aKey = (epoch = 1) => ({ spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch })

/** The draft of a sync that has ended, with one checkpoint; it is left open, as by an owner who does not know yet. */
export async function aKeptDraft(store: SnapshotStore, key: DraftKey) {
  const draft = await store.openDraft(key)
  await draft.append('a.csv', bytes('1\n'))
  await draft.append('b.csv', bytes('old'))
  await draft.rewrite('b.csv', [bytes('b')])
  await draft.saveCheckpoint({ rows: 1 })
  await draft.append('a.csv', bytes('unsaved\n'))
  return draft
}

/** What every driver of `SnapshotStore` promises of drafts that are moved from one sync to another. */
export function testMovedDrafts(t: Test, name: string, place: (t: Test) => OpenStore, share: number): void {
  t.test(`${name}: a moved draft goes on under the new id, and the old one can do nothing any more`, async (t) => {
    const open = place(t)
    const [store, other] = [await open(), await open()]
    const [from, to] = [aKey(3), aKey()]
    const zombie = await aKeptDraft(store, from)
    const zombieManifest = await manifestOf(zombie, from.syncId, ['a.csv', 'b.csv'])
    t.equal(await other.moveDraft(from, to.syncId), true)
    t.equal(await store.moveDraft(from, to.syncId), true, 'asked again, as after an answer that was lost')
    t.equal(await store.moveDraft(from, newSyncId()), false, 'to nobody else')

    await Promise.allSettled([zombie.append('a.csv', bytes('ZOMBIE\n')), zombie.append('z.csv', bytes('ZOMBIE\n'))])
    await t.rejects(zombie.saveCheckpoint('ZOMBIE'), DraftSuperseded)
    await t.rejects(zombie.publish(zombieManifest), DraftSuperseded)
    for (const epoch of [1, 3, 4]) await t.rejects(store.openDraft({ ...from, epoch }), DraftSuperseded)
    await zombie.discard()

    await store.sweepDrafts(async (id) => id === to.syncId)
    const first = await other.openDraft(to)
    t.strictSame(first.checkpoint, { rows: 1 })
    t.equal(await stagedText(first, 'a.csv'), '1\n')
    await first.append('a.csv', bytes('2\n'))
    await first.saveCheckpoint({ rows: 2 })
    await first.close()
    // What the old id has left goes now, and none of what the new one goes on with.
    await store.sweepDrafts(async (id) => id === to.syncId)
    const draft = await store.openDraft({ ...to, epoch: 2 })
    t.strictSame(draft.checkpoint, { rows: 2 })
    await draft.append('a.csv', bytes('3\n'))
    const manifest = await manifestOf(draft, to.syncId, ['a.csv', 'b.csv'])
    await draft.publish(manifest)
    await store.sweepDrafts(async () => false)
    t.strictSame(await other.list(SPREADSHEET), [manifest])
    t.equal(await publishedText(other, manifest, 'a.csv'), '1\n2\n3\n')
    t.equal(await publishedText(other, manifest, 'b.csv'), 'b')
    t.equal(await store.find(SPREADSHEET, from.syncId), undefined)
    t.equal(await other.sweepDrafts(async () => false), 0, 'nothing is left of either')
  })

  t.test(`${name}: a draft is moved on and on, also before anybody has opened it`, async (t) => {
    const open = place(t)
    const store = await open()
    const keys = [aKey(), aKey(), aKey(), aKey()] as const
    await (await aKeptDraft(store, keys[0])).close()
    t.equal(await store.moveDraft(keys[0], keys[1].syncId), true)
    t.equal(await store.moveDraft(keys[1], keys[2].syncId), true)
    const second = await (await open()).openDraft(keys[2])
    await second.append('a.csv', bytes('2\n'))
    await second.saveCheckpoint({ rows: 2 })
    await second.close()
    t.equal(await store.moveDraft(keys[2], keys[3].syncId), true)
    const last = await store.openDraft(keys[3])
    t.strictSame(last.checkpoint, { rows: 2 })
    const manifest = await manifestOf(last, keys[3].syncId, ['a.csv', 'b.csv'])
    await last.publish(manifest)
    await store.sweepDrafts(async () => false)
    t.equal(await publishedText(store, manifest, 'a.csv'), '1\n2\n')
  })

  t.test(`${name}: where nothing is checkpointed, or all is published, there is nothing to move`, async (t) => {
    const store = await place(t)()
    const to = aKey()
    t.equal(await store.moveDraft(aKey(), to.syncId), false, 'no draft')
    const empty = aKey()
    const draft = await store.openDraft(empty)
    await draft.append('a.csv', bytes('unsaved'))
    await draft.close()
    t.equal(await store.moveDraft(empty, to.syncId), false, 'no checkpoint')
    const swept = aKey()
    await (await aKeptDraft(store, swept)).close()
    await store.sweepDrafts(async () => false)
    t.equal(await store.moveDraft(swept, to.syncId), false, 'swept')
    const manifest = await publishFiles(store, { 'a.csv': 'one' })
    t.equal(await store.moveDraft({ spreadsheetId: SPREADSHEET, syncId: manifest.syncId }, to.syncId), false)
    t.equal(await publishedText(store, manifest, 'a.csv'), 'one')
    for (const text of ['', '..', 'a/b', '.staging']) {
      await t.rejects(store.moveDraft({ ...empty, syncId: text }, to.syncId), TypeError)
      await t.rejects(store.moveDraft({ ...empty, spreadsheetId: text }, to.syncId), TypeError)
      await t.rejects(store.moveDraft(empty, text), TypeError)
    }
    const anew = await store.openDraft(to)
    t.match(anew, { checkpoint: undefined, published: undefined })
    await anew.discard()
  })

  t.test(`${name}: of several moves of one draft at once one has it, whole`, async (t) => {
    const open = place(t)
    const stores = await Promise.all([1, 2, 3, 4].map(() => open()))
    const [store] = stores as [SnapshotStore]
    for (let round = 0; round < 5 * share; round += 1) {
      const from = aKey()
      await (await aKeptDraft(store, from)).close()
      const heirs = stores.map(() => aKey())
      const moved = await Promise.all(stores.map((each, index) => each.moveDraft(from, heirs[index]?.syncId ?? '')))
      t.equal(moved.filter(Boolean).length, 1)
      const drafts = await Promise.all(heirs.map((key) => store.openDraft(key)))
      t.strictSame(
        drafts.map(({ checkpoint }) => checkpoint !== undefined),
        moved,
      )
      const [heir] = drafts.filter(({ checkpoint }) => checkpoint !== undefined)
      t.equal(heir && (await stagedText(heir, 'a.csv')), '1\n')
      for (const draft of drafts) await draft.discard()
    }
  })

  t.test(
    `${name}: a sweep between the move and the record of the new sync leaves it the draft, for a minute`,
    async (t) => {
      const store = await place(t)()
      const withoutRecords = new MemoryStorage()
      const sweepAfter = (ms: number) => {
        const now = new Date(Date.now() + ms)
        return store.sweepDrafts((syncId) => isLive(withoutRecords, syncId, now))
      }
      const [from, to] = [aKey(), aKey()]
      await (await aKeptDraft(store, from)).close()
      await store.moveDraft(from, to.syncId)
      await sweepAfter(0)
      const draft = await store.openDraft(to)
      t.strictSame(draft.checkpoint, { rows: 1 })
      t.equal(await stagedText(draft, 'a.csv'), '1\n')
      await draft.close()
      t.not(await sweepAfter(61_000), 0, 'and no longer: the sync may never come')
      const again = await store.openDraft({ ...to, epoch: 2 })
      t.equal(again.checkpoint, undefined)
      await again.discard()
    },
  )

  t.test(`${name}: a draft that was moved for a sync that never comes is swept with what it left`, async (t) => {
    const store = await place(t)()
    const [from, to] = [aKey(), aKey()]
    await (await aKeptDraft(store, from)).close()
    await store.moveDraft(from, to.syncId)
    t.not(await store.sweepDrafts(async () => false), 0)
    t.equal(await store.sweepDrafts(async () => false), 0)
    const draft = await store.openDraft(to)
    t.equal(draft.checkpoint, undefined)
    await draft.discard()
  })
}
