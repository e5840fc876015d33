import t from 'tap'
import type { SnapshotManifest } from '../../src/model/snapshot-manifest.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { type PublishedSnapshots, Removals } from '../../src/snapshots/removals.ts'
import { newestFirst } from '../../src/snapshots/retention.ts'
import { versionOf } from '../../src/snapshots/usage-account.ts'
import { aManifest, aTab, isOf } from './manifests.ts'

const DAY_MS = 86_400_000
const NOW = new Date('2026-01-10T00:00:00Z')

/** Snapshots in memory, and which spreadsheets were listed. */
class Shelf implements PublishedSnapshots {
  readonly snapshots = new Map<string, SnapshotManifest[]>()
  readonly listed: string[] = []
  /** Spreadsheets that cannot be listed, and sync ids of what cannot be removed. */
  readonly broken = new Set<string>()
  readonly held = new Set<string>()

  publish(
    spreadsheetId: string,
    day: number,
    bytes: number,
    createdBy: string | null = null,
    identity: string | null = null,
  ): string {
    const syncId = newSyncId()
    const tab = aTab(0, 'A', [{ name: 'a.csv', format: 'csv', bytes, sha256: '' }])
    const publishedAt = `2026-01-0${day}T00:00:00Z`
    const manifest = aManifest(syncId, [tab], { spreadsheetId, publishedAt, createdBy, identity })
    this.snapshots.set(spreadsheetId, [...(this.snapshots.get(spreadsheetId) ?? []), manifest])
    return syncId
  }

  async *spreadsheets() {
    for (const [spreadsheetId, manifests] of this.snapshots) {
      yield { spreadsheetId, version: versionOf(manifests.map(({ syncId }) => syncId)) }
    }
  }

  async contents(spreadsheetId: string) {
    this.listed.push(spreadsheetId)
    if (this.broken.has(spreadsheetId)) throw new Error(`no ${spreadsheetId}`)
    return { manifests: newestFirst(this.snapshots.get(spreadsheetId) ?? []), unreadable: [], leftovers: [] }
  }

  async remove({ spreadsheetId, syncId }: { spreadsheetId: string; syncId: string }) {
    if (this.held.has(syncId)) return false
    const left = (this.snapshots.get(spreadsheetId) ?? []).filter((manifest) => manifest.syncId !== syncId)
    if (left.length === 0) this.snapshots.delete(spreadsheetId)
    else this.snapshots.set(spreadsheetId, left)
    return true
  }
}

t.test('a sweep counts what is left, by owner, and looks again only at what has changed', async (t) => {
  const shelf = new Shelf()
  const removals = new Removals(shelf, { kept: 1 })
  t.strictSame(removals.usage(), { snapshots: 0, bytes: 0 })
  shelf.publish('one', 1, 5, 'ann')
  shelf.publish('one', 2, 7, 'ann')
  shelf.publish('one', 2, 11, 'bob')
  shelf.publish('two', 1, 13, 'ann')
  t.equal(await removals.sweep(NOW), 1)
  t.strictSame(removals.usage(), { snapshots: 3, bytes: 31 })
  t.strictSame(removals.usage('ann'), { snapshots: 2, bytes: 20 })
  t.strictSame(removals.usage('bob'), { snapshots: 1, bytes: 11 })
  t.strictSame(removals.usage('cid'), { snapshots: 0, bytes: 0 })
  // The first pass has changed this one.
  t.equal(await removals.sweep(NOW), 0)
  shelf.listed.length = 0
  t.equal(await removals.sweep(NOW), 0)
  t.strictSame(shelf.listed, [])
  shelf.publish('two', 3, 17, 'bob')
  shelf.snapshots.delete('one')
  t.equal(await removals.sweep(NOW), 0)
  t.strictSame(shelf.listed, ['two'])
  t.strictSame(removals.usage(), { snapshots: 2, bytes: 30 }, 'what another process has removed counts no more')
  t.strictSame(removals.usage('bob'), { snapshots: 1, bytes: 17 })
})

t.test('what is pruned or erased here is known at once', async (t) => {
  const shelf = new Shelf()
  const removals = new Removals(shelf, { kept: 1 })
  shelf.publish('one', 1, 5, 'ann')
  shelf.publish('one', 2, 7, 'ann')
  await removals.prune('one')
  t.strictSame(removals.usage('ann'), { snapshots: 1, bytes: 7 })
  t.equal(await removals.erase('one', isOf('bob')), 0)
  t.equal(await removals.erase('one', isOf('ann')), 1)
  t.strictSame(removals.usage(), { snapshots: 0, bytes: 0 })
})

t.test('a snapshot goes when it is too old, even the newest, though nothing else has changed', async (t) => {
  const shelf = new Shelf()
  const removals = new Removals(shelf, { kept: 3, ttlMs: 2 * DAY_MS })
  shelf.publish('one', 7, 1)
  const young = shelf.publish('two', 9, 1)
  t.equal(await removals.sweep(new Date('2026-01-09T00:00:00Z')), 0, 'not before its time')
  t.equal(await removals.sweep(new Date('2026-01-09T00:00:01Z')), 1)
  t.strictSame([...shelf.snapshots.keys()], ['two'])
  t.strictSame(removals.usage(), { snapshots: 1, bytes: 1 })
  t.match(shelf.snapshots.get('two'), [{ syncId: young }])
  t.equal(await removals.sweep(new Date('2027-01-01T00:00:00Z')), 1)
})

t.test('what a token has read that stands for itself goes after a day, when nobody can have it any more', async (t) => {
  const shelf = new Shelf()
  const removals = new Removals(shelf, { kept: 3 })
  shelf.publish('one', 1, 1, 'app', 'an-identity.token')
  const ofPerson = shelf.publish('one', 1, 2, 'app', 'an-identity')
  t.equal(await removals.sweep(new Date('2026-01-02T00:00:00Z')), 0)
  t.equal(await removals.sweep(new Date('2026-01-02T00:00:01Z')), 1)
  t.match(shelf.snapshots.get('one'), [{ syncId: ofPerson }])
  t.strictSame(removals.usage('app'), { snapshots: 1, bytes: 2 })
})

t.test('a count removes nothing, and the next sweep still does', async (t) => {
  const shelf = new Shelf()
  const removals = new Removals(shelf, { kept: 1 })
  for (const day of [1, 2, 3]) shelf.publish('one', day, 1)
  await removals.count()
  t.strictSame(removals.usage(), { snapshots: 3, bytes: 3 })
  t.equal(await removals.sweep(NOW), 2)
  t.strictSame(removals.usage(), { snapshots: 1, bytes: 1 })
})

t.test('what is held is tried again by each sweep, and no erasure is claimed while it is there', async (t) => {
  const shelf = new Shelf()
  const removals = new Removals(shelf, { kept: 1 })
  const held = shelf.publish('one', 1, 1)
  shelf.publish('one', 2, 1)
  shelf.held.add(held)
  t.equal(await removals.sweep(NOW), 0)
  t.strictSame(removals.usage(), { snapshots: 2, bytes: 2 })
  await t.rejects(removals.erase('one'), { code: 'STORAGE_UNAVAILABLE' })
  shelf.held.clear()
  t.equal(await removals.erase('one'), 1)
})

t.test('a spreadsheet that cannot be listed keeps no other from being swept', async (t) => {
  const shelf = new Shelf()
  const removals = new Removals(shelf, { kept: 1 })
  for (const spreadsheetId of ['one', 'two']) for (const day of [1, 2]) shelf.publish(spreadsheetId, day, 1)
  shelf.broken.add('one')
  await t.rejects(removals.sweep(NOW), /no one/)
  t.equal(shelf.snapshots.get('two')?.length, 1)
  shelf.broken.clear()
  t.equal(await removals.sweep(NOW), 1)
  t.strictSame(removals.usage(), { snapshots: 2, bytes: 2 })
})

t.test('once the signal is aborted nothing more is removed', async (t) => {
  const shelf = new Shelf()
  const removals = new Removals(shelf, { kept: 1 })
  for (const day of [1, 2, 3]) shelf.publish('one', day, 1)
  t.equal(await removals.sweep(NOW, AbortSignal.abort()), 0)
  t.strictSame(await removals.prune('one', AbortSignal.abort()), [])
  t.equal(await removals.sweep(NOW), 2)
})
