import t from 'tap'
import { snapshotManifest } from '../../src/model/snapshot-manifest.ts'
import { parseSyncRecord, toSyncRecord } from '../../src/model/sync-record.ts'
import { claimSync, reportSync } from '../../src/syncs/sync.ts'
import { aManifest, aTab } from '../snapshots/manifests.ts'
import { aQueuedSync } from '../support/syncs.ts'

const settings = { timeZone: 'Europe/Berlin', locale: 'de_DE' }

t.test('a record without zone and locale, as earlier releases wrote them, is read, and gets them', async (t) => {
  const sync = aQueuedSync()
  const { timeZone: _timeZone, locale: _locale, ...spreadsheet } = sync.spreadsheet
  const read = parseSyncRecord(sync.id, JSON.stringify({ format: 1, ...sync, spreadsheet }))
  t.strictSame(read.spreadsheet, { ...spreadsheet, timeZone: null, locale: null })
  const reported = reportSync(read, { spreadsheet: { title: 'Title', version: '1', ...settings } }, new Date())
  t.strictSame(reported.spreadsheet, { ...spreadsheet, title: 'Title', version: '1', ...settings })
})

t.test(
  'a record that tells nothing of deaths, as earlier releases wrote them, is that of a sync without any',
  async (t) => {
    const sync = aQueuedSync()
    const lease = { epoch: 2, owner: 'an earlier release' }
    const read = parseSyncRecord(sync.id, JSON.stringify({ format: 2, ...sync, state: 'running', lease }))
    t.strictSame(read.lease, { ...lease, died: [] })
    t.strictSame(claimSync(read, 'this one', new Date()).lease, { epoch: 3, owner: 'this one', died: [2] })
  },
)

t.test('a manifest without zone and locale is read', async (t) => {
  const manifest = aManifest(aQueuedSync().id, [aTab(0, 'Tab')])
  const { timeZone: _timeZone, locale: _locale, ...spreadsheet } = manifest.spreadsheet
  t.strictSame(snapshotManifest.parse({ ...manifest, spreadsheet }).spreadsheet, {
    ...spreadsheet,
    timeZone: null,
    locale: null,
  })
})

t.test('a record and a manifest that tell of no expectations, as earlier releases wrote them, have none', async (t) => {
  const sync = aQueuedSync()
  const { expect: _expect, ...request } = sync.request
  t.strictSame(parseSyncRecord(sync.id, JSON.stringify({ format: 3, ...sync, request })), sync)
  const manifest = aManifest(sync.id, [aTab(0, 'Tab')])
  t.strictSame(snapshotManifest.parse({ ...manifest, request }).request.expect, [])
})

t.test('a record that knows of no schedules, as earlier releases wrote them, is of none, and awaited', async (t) => {
  const sync = aQueuedSync()
  const { scheduleId: _schedule, tick: _tick, background: _background, ...older } = sync
  const { maxAge: _maxAge, ...request } = sync.request
  t.strictSame(parseSyncRecord(sync.id, JSON.stringify({ format: 4, ...older, request })), sync)
  const manifest = aManifest(sync.id, [aTab(0, 'Tab')])
  t.equal(snapshotManifest.parse({ ...manifest, request }).request.maxAge, null)
})

t.test('what is expected is kept in the record', async (t) => {
  const sync = aQueuedSync({
    expect: { tab: 7, columns: ['a'], minRowsRatio: 0.5, types: { a: 'text' }, loading: 'allow' },
  })
  t.strictSame(parseSyncRecord(sync.id, JSON.stringify(toSyncRecord(sync))), sync)
})
