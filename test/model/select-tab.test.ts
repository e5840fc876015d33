import t from 'tap'
import { selectTab } from '../../src/model/select-tab.ts'
import type { ManifestTab, SnapshotManifest } from '../../src/model/snapshot-manifest.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { SnapshotFormat } from '../../src/model/sync-request.ts'
import { aManifest, aTab, sha256 } from '../snapshots/manifests.ts'

function tab(gid: number, title: string, formats: SnapshotFormat[], range: string | null = null): ManifestTab {
  const files = formats.map((format) => ({ name: `${gid}.${format}`, format, bytes: 1, sha256: sha256('1') }))
  return { ...aTab(gid, title, files), range }
}
/** Snapshots from the newest to the oldest. */
const snapshots = (...tabs: ManifestTab[][]): SnapshotManifest[] => tabs.map((some) => aManifest(newSyncId(), some))

t.test('a tab is found by title or gid in the newest snapshot that holds it in the format', async (t) => {
  const manifests = snapshots(
    [tab(0, 'Orders', ['json']), tab(7, 'New', ['csv'])],
    [tab(0, 'Orders', ['json', 'csv'])],
    [tab(0, 'Orders', ['ndjson'])],
  )
  const formats = ['json', 'csv', 'ndjson']
  for (const selector of ['Orders', 'gid:0']) {
    t.match(selectTab(manifests, selector), {
      outcome: 'found',
      manifest: manifests[0],
      file: { format: 'json' },
      formats,
    })
    t.match(selectTab(manifests, selector, 'csv'), { manifest: manifests[1], file: { name: '0.csv' }, formats })
    t.match(selectTab(manifests, selector, 'ndjson'), { manifest: manifests[0], file: { name: '0.json' } })
  }
  t.strictSame(selectTab(manifests, 'New', 'json'), { outcome: 'other-formats', formats: ['csv'] })
})

t.test('an unknown tab is answered with those there are, each under its newest title', async (t) => {
  const manifests = snapshots([tab(0, 'Renamed', ['json'])], [tab(0, 'Orders', ['json']), tab(7, 'Gone', ['json'])])
  const tabs = [
    { gid: 0, title: 'Renamed' },
    { gid: 7, title: 'Gone' },
  ]
  for (const selector of ['orders', 'Orders ', 'gid:8', 'gid:', 'gid:-1', '']) {
    t.strictSame(selectTab(manifests, selector), { outcome: 'no-tab', tabs }, selector)
  }
  t.strictSame(selectTab([], 'Orders'), { outcome: 'no-tab', tabs: [] })
})

t.test('a title that looks like a gid is a title when no tab has that gid', async (t) => {
  const odd = snapshots([tab(3, 'gid:5', ['json'])])
  t.match(selectTab(odd, 'gid:5'), { outcome: 'found', tab: { gid: 3 } })
  const both = snapshots([tab(3, 'gid:5', ['json']), tab(5, 'Five', ['json'])])
  t.match(selectTab(both, 'gid:5'), { outcome: 'found', tab: { gid: 5 } })
})

t.test('a title that two tabs have borne means the one that bore it last, in every format', async (t) => {
  const manifests = snapshots([tab(7, 'Orders', ['json'])], [tab(0, 'Orders', ['json', 'csv'])])
  t.match(selectTab(manifests, 'Orders', 'json'), { outcome: 'found', tab: { gid: 7 } })
  t.strictSame(selectTab(manifests, 'Orders', 'csv'), { outcome: 'other-formats', formats: ['json'] })
})

t.test('a range of a tab serves only where the whole tab was never downloaded', async (t) => {
  const manifests = snapshots(
    [tab(0, 'Orders', ['json', 'csv'], 'Orders!A1:B2'), tab(7, 'Part', ['json'], 'Part!A1')],
    [tab(0, 'Orders', ['json'])],
  )
  t.match(selectTab(manifests, 'Orders', 'json'), { outcome: 'found', manifest: manifests[1], tab: { range: null } })
  t.strictSame(selectTab(manifests, 'Orders', 'csv'), { outcome: 'other-formats', formats: ['json'] })
  t.match(selectTab(manifests, 'gid:7'), { outcome: 'found', tab: { range: 'Part!A1' } })
})

t.test('a title is found in whatever case and however its accents are composed, the exact one first', async (t) => {
  const manifests = snapshots([
    tab(0, 'First', ['json']),
    tab(7, 'Caf\u00e9', ['json']),
    tab(8, 'Cafe\u0301', ['json']),
  ])
  for (const [selector, gid] of Object.entries({
    first: 0,
    FIRST: 0,
    'CAF\u00c9': 7,
    'Caf\u00e9': 7,
    'Cafe\u0301': 8,
  })) {
    t.match(selectTab(manifests, selector), { outcome: 'found', tab: { gid } }, selector)
  }
  for (const selector of ['Fir st', 'First ', 'Cafe']) t.match(selectTab(manifests, selector), { outcome: 'no-tab' })
  const older = snapshots([tab(7, 'orders', ['json'])], [tab(0, 'Orders', ['json'])])
  t.match(
    selectTab(older, 'Orders'),
    { tab: { gid: 7 } },
    'the tab of today, before another that was called exactly so',
  )
})

t.test('a title that its tab bears no longer names none, and the tab is named first', async (t) => {
  const manifests = snapshots(
    [tab(3, 'Other', ['json']), tab(0, 'New', ['json'])],
    [tab(0, 'Old', ['json', 'csv']), tab(3, 'Other', ['json'])],
  )
  const tabs = [
    { gid: 0, title: 'New' },
    { gid: 3, title: 'Other' },
  ]
  for (const selector of ['Old', 'OLD']) t.strictSame(selectTab(manifests, selector), { outcome: 'no-tab', tabs })
  t.match(
    selectTab(manifests, 'New', 'csv'),
    { outcome: 'found', manifest: manifests[1] },
    'the same tab, when it was Old',
  )
  const swapped = snapshots(
    [tab(0, 'B', ['json']), tab(7, 'A', ['json'])],
    [tab(0, 'A', ['json']), tab(7, 'B', ['json'])],
  )
  t.match(selectTab(swapped, 'A'), { manifest: swapped[0], tab: { gid: 7 } })
})
