import t from 'tap'
import type { ManifestTab, SnapshotManifest } from '../../src/model/snapshot-manifest.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { SnapshotFormat } from '../../src/model/sync-request.ts'
import { prunable } from '../../src/snapshots/retention.ts'
import { aManifest, aTab } from './manifests.ts'

const file = (format: SnapshotFormat) => ({ name: `a.${format}`, format, bytes: 1, sha256: '' })
const aRange = (range: string, endRow: number | undefined, formats: SnapshotFormat[] = ['json']): ManifestTab => ({
  ...aTab(0, 'A', formats.map(file)),
  range,
  rectangle: endRow === undefined ? null : { startRow: 0, endRow, startColumn: 0, endColumn: 2 },
})
const aSnapshot = (...tabs: ManifestTab[]): SnapshotManifest => aManifest(newSyncId(), tabs)
/** How many of these, given newest first, are kept. */
const keptOf = (manifests: SnapshotManifest[], kept: number) => manifests.length - prunable(manifests, kept).length

t.test('equal cells are equal however they are spelled', async (t) => {
  const spellings = ['A1:B2', 'A!A1:B2', '$A$1:$B$2', 'a1:b2', "'A'!B2:A1", 'gid:0!A1:B2', 'A_named_range']
  t.equal(
    keptOf(
      spellings.map((range) => aSnapshot(aRange(range, 2))),
      1,
    ),
    1,
  )
  const other: ManifestTab = { ...aRange('B!A1:B2', 2), gid: 1 }
  t.equal(keptOf([aSnapshot(aRange('A1:B2', 2)), aSnapshot(other)], 1), 2, 'those of another tab are others')
})

t.test('of unlike ranges of a tab the last ten for each snapshot kept stay, in each format', async (t) => {
  const ranges = Array.from({ length: 40 }, (_, index) => aSnapshot(aRange(`A1:B${index + 1}`, index + 1)))
  t.equal(keptOf(ranges, 1), 10)
  t.strictSame(prunable(ranges, 1), ranges.slice(10), 'the oldest go')
  t.equal(keptOf(ranges, 3), 30)
  const asCsv = ranges.map(({ tabs }) => aSnapshot(...tabs.map((tab) => ({ ...tab, files: [file('csv')] }))))
  t.equal(keptOf([...ranges, ...asCsv], 1), 20)
})

t.test('the newest that holds a whole tab stays, whatever ranges came after it', async (t) => {
  const whole = aSnapshot(aTab(0, 'A', [file('json')]))
  const older = aSnapshot(aTab(0, 'A', [file('json')]))
  const ranges = Array.from({ length: 40 }, (_, index) => aSnapshot(aRange(`A1:B${index + 1}`, index + 1)))
  const going = prunable([...ranges, whole, older], 1)
  t.notOk(going.includes(whole))
  t.ok(going.includes(older))
})

t.test('a snapshot stays while it is the newest of any of its tabs', async (t) => {
  const both = aSnapshot(aRange('A1:B2', 2), aRange('A1:B3', 3))
  t.equal(keptOf([aSnapshot(aRange('A1:B2', 2)), both], 1), 2)
  t.equal(keptOf([aSnapshot(aRange('A1:B2', 2)), aSnapshot(aRange('A1:B3', 3)), both], 1), 2)
})

t.test('what earlier releases have published is known by the spelling alone, and bounded all the same', async (t) => {
  const old = Array.from({ length: 40 }, (_, index) => aSnapshot(aRange(`A1:B${index + 1}`, undefined)))
  t.equal(keptOf(old, 1), 10)
  t.equal(keptOf([aSnapshot(aRange('A1:B2', undefined)), aSnapshot(aRange('A1:B2', undefined))], 1), 1)
})

t.test('one user’s snapshots never push out another’s, nor those that no user’s token has read', async (t) => {
  const whole = aTab(0, 'A', [file('json')])
  const read = (identity: string | null) => aManifest(newSyncId(), [whole], { createdBy: 'app', identity })
  const newest = [read('ann'), read('bob'), read(null)]
  const older = [read('ann'), read(null)]
  t.strictSame(new Set(prunable([...newest, ...older], 1)), new Set(older))
})
