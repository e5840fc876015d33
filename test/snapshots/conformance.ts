import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { SnapshotManifest } from '../../src/model/snapshot-manifest.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { DraftSuperseded, type SnapshotStore } from '../../src/ports/snapshot-store.ts'
import type { RetentionOptions } from '../../src/snapshots/retention.ts'
import { draftsAgreeWithTheirModel } from './draft-model.ts'
import {
  aManifest,
  aTab,
  isOf,
  manifestOf,
  publishedText,
  publishFiles,
  SPREADSHEET,
  sha256,
  stagedText,
} from './manifests.ts'
import { testMovedDrafts } from './moved-drafts.ts'

/** Opens a store; called again in one test, it opens another store on the same place, as another process would. */
export type OpenStore = (options?: Partial<RetentionOptions>) => Promise<SnapshotStore>

/**
 * What every driver of `SnapshotStore` promises. `place` makes an empty place that goes away with the test; `share` is that of the
 * random courses and of the rounds of each race that are run.
 */
export function testSnapshotStore(t: Test, name: string, place: (t: Test) => OpenStore, share = 1): void {
  const aKey = (epoch = 1) => ({ spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch })
  const bytes = (text: string) => Buffer.from(text)
  async function* piecesOf(...texts: string[]) {
    for (const text of texts) yield bytes(text)
  }

  t.test(`${name}: a draft is seen by nobody until it is published, then whole`, async (t) => {
    const open = place(t)
    const [store, other] = [await open(), await open()]
    const key = aKey()
    const draft = await store.openDraft(key)
    t.match(draft, { published: undefined, checkpoint: undefined })
    await draft.append('a.csv', bytes('one\n'))
    await draft.append('empty.csv', bytes(''))
    await draft.saveCheckpoint(1)
    for (const reader of [store, other]) {
      t.equal(await reader.find(SPREADSHEET, key.syncId), undefined)
      t.strictSame(await reader.list(SPREADSHEET), [])
      t.equal(await reader.openFile({ ...key, name: 'a.csv' }), undefined)
    }
    await draft.append('a.csv', bytes('two\n'))
    t.strictSame(await draft.stat('a.csv'), { bytes: 8, sha256: sha256('one\ntwo\n') })
    const manifest = await manifestOf(draft, key.syncId, ['a.csv', 'empty.csv'])
    await draft.publish(manifest)
    await draft.close()
    for (const reader of [store, other]) {
      t.strictSame(await reader.find(SPREADSHEET, key.syncId), manifest)
      t.strictSame(await reader.list(SPREADSHEET), [manifest])
      t.equal(await publishedText(reader, manifest, 'a.csv'), 'one\ntwo\n')
      t.equal(await publishedText(reader, manifest, 'empty.csv'), '')
      const part = await reader.openFile({ ...key, name: 'a.csv' }, { start: 2, end: 4 })
      t.equal(part && (await buffer(part)).toString(), 'e\nt')
      t.equal(await reader.openFile({ ...key, name: 'b.csv' }), undefined)
    }
    await t.rejects(store.openFile({ ...key, name: 'a.csv' }, { start: 0, end: 8 }), { code: 'SNAPSHOT_CORRUPT' })
  })

  t.test(`${name}: appends to one file keep their order, to many files side by side`, async (t) => {
    const store = await place(t)()
    const draft = await store.openDraft(aKey())
    const names = Array.from({ length: 150 }, (_, index) => `tab-${index}.ndjson`)
    const calls: Promise<void>[] = []
    for (let round = 0; round < 5; round += 1) {
      for (const file of names) calls.push(draft.append(file, bytes(`${file} ${round}\n`)))
    }
    await Promise.all(calls)
    for (const file of names) {
      const expected = Array.from({ length: 5 }, (_, round) => `${file} ${round}\n`).join('')
      t.strictSame(await draft.stat(file), { bytes: expected.length, sha256: sha256(expected) })
    }
    t.equal(await stagedText(draft, 'tab-9.ndjson'), [0, 1, 2, 3, 4].map((n) => `tab-9.ndjson ${n}\n`).join(''))
    await draft.discard()
  })

  t.test(`${name}: an id or name that does not match its pattern reaches nothing`, async (t) => {
    const store = await place(t)()
    const manifest = await publishFiles(store, { 'a.csv': 'one' })
    const { syncId } = manifest
    const bad = ['', '.', '..', '../x', `../${SPREADSHEET}`, 'a/b', 'a\0', 'x'.repeat(129), '.staging', '.trash']
    for (const text of bad) {
      t.equal(await store.find(text, syncId), undefined)
      t.equal(await store.find(SPREADSHEET, text), undefined)
      t.strictSame(await store.list(text), [])
      t.strictSame(await store.prune(text), [])
      t.equal(await store.openFile({ spreadsheetId: text, syncId, name: 'a.csv' }), undefined)
      t.equal(await store.openFile({ spreadsheetId: SPREADSHEET, syncId: text, name: 'a.csv' }), undefined)
      t.equal(await store.openFile({ spreadsheetId: SPREADSHEET, syncId, name: text }), undefined)
      await t.rejects(store.openDraft({ spreadsheetId: text, syncId, epoch: 1 }), TypeError)
      await t.rejects(store.openDraft({ spreadsheetId: SPREADSHEET, syncId: text, epoch: 1 }), TypeError)
    }
    for (const epoch of [-1, 1.5, Number.NaN, 2 ** 53])
      await t.rejects(store.openDraft({ ...aKey(), epoch }), TypeError)
    const draft = await store.openDraft(aKey())
    for (const text of [...bad, 'manifest.json', 'a.txt', '../a.csv', '.a.csv']) {
      await t.rejects(draft.append(text, bytes('x')), TypeError)
      await t.rejects(draft.rewrite(text, [bytes('x')]), TypeError)
      await t.rejects(draft.stat(text), TypeError)
      await t.rejects(stagedText(draft, text), TypeError)
    }
    await draft.discard()
    t.equal(await publishedText(store, manifest, 'a.csv'), 'one')
  })

  t.test(`${name}: a later epoch goes on from exactly what was checkpointed`, async (t) => {
    const open = place(t)
    const key = aKey()
    const first = await (await open()).openDraft(key)
    await first.append('a.csv', bytes('1\n'))
    await first.append('b.csv', bytes('old'))
    await first.saveCheckpoint({ rows: 1 })
    const value = { rows: 2, tabs: ['ä'] }
    await first.append('a.csv', bytes('2\n'))
    const saved = first.saveCheckpoint(value)
    value.rows = 99
    const after = first.append('a.csv', bytes('3\n'))
    await Promise.all([saved, after])
    await first.append('c.csv', bytes('new'))
    await first.rewrite('b.csv', piecesOf('rewritten'))
    await first.close()

    const second = await (await open()).openDraft({ ...key, epoch: 5 })
    t.strictSame(second.checkpoint, { rows: 2, tabs: ['ä'] })
    t.equal(await stagedText(second, 'a.csv'), '1\n2\n')
    t.equal(await stagedText(second, 'b.csv'), 'old')
    await t.rejects(second.stat('c.csv'), TypeError)
    await second.append('a.csv', bytes('three\n'))
    t.strictSame(await second.stat('a.csv'), { bytes: 10, sha256: sha256('1\n2\nthree\n') })
    await second.append('c.csv', bytes('again'))
    const manifest = await manifestOf(second, key.syncId, ['a.csv', 'b.csv', 'c.csv'])
    await second.publish(manifest)
    const store = await open()
    t.equal(await publishedText(store, manifest, 'a.csv'), '1\n2\nthree\n')
    t.equal(await publishedText(store, manifest, 'b.csv'), 'old')
    t.equal(await publishedText(store, manifest, 'c.csv'), 'again')
  })

  t.test(`${name}: without a checkpoint a later epoch begins anew`, async (t) => {
    const store = await place(t)()
    const key = aKey()
    const first = await store.openDraft(key)
    await first.append('a.csv', bytes('lost'))
    await first.close()
    const second = await store.openDraft({ ...key, epoch: 2 })
    t.equal(second.checkpoint, undefined)
    await second.append('a.csv', bytes('new'))
    t.equal(await stagedText(second, 'a.csv'), 'new')
    await second.discard()
  })

  t.test(`${name}: an owner that was taken over publishes nothing and disturbs nothing`, async (t) => {
    const open = place(t)
    const key = aKey()
    const zombie = await (await open()).openDraft(key)
    await zombie.append('a.csv', bytes('1\n'))
    await zombie.saveCheckpoint(1)
    await zombie.append('a.csv', bytes('unsaved\n'))
    const zombieManifest = await manifestOf(zombie, key.syncId, ['a.csv'])

    const store = await open()
    const draft = await store.openDraft({ ...key, epoch: 2 })
    await Promise.allSettled([
      zombie.append('a.csv', bytes('ZOMBIE\n')),
      zombie.append('z.csv', bytes('ZOMBIE\n')),
      zombie.rewrite('a.csv', piecesOf('ZOMBIE\n')),
    ])
    await t.rejects(zombie.saveCheckpoint('ZOMBIE'), DraftSuperseded)
    await t.rejects(zombie.publish(zombieManifest), DraftSuperseded)
    await t.rejects(zombie.reset(), DraftSuperseded)
    await t.rejects((await open()).openDraft(key), DraftSuperseded)
    await zombie.discard()
    t.equal(await store.find(SPREADSHEET, key.syncId), undefined)
    t.equal(await stagedText(draft, 'a.csv'), '1\n')
    await draft.append('a.csv', bytes('2\n'))
    await draft.saveCheckpoint(2)
    await draft.close()

    const third = await store.openDraft({ ...key, epoch: 3 })
    t.equal(third.checkpoint, 2)
    await t.rejects(stagedText(third, 'z.csv'), TypeError)
    const manifest = await manifestOf(third, key.syncId, ['a.csv'])
    await third.publish(manifest)
    t.equal(await publishedText(store, manifest, 'a.csv'), '1\n2\n')
  })

  t.test(
    `${name}: a zombie that did not notice the takeover cannot publish after it was published either`,
    async (t) => {
      const store = await place(t)()
      const key = aKey()
      const zombie = await store.openDraft(key)
      await zombie.append('a.csv', bytes('zombie'))
      const zombieManifest = await manifestOf(zombie, key.syncId, ['a.csv'])
      const draft = await store.openDraft({ ...key, epoch: 2 })
      await draft.append('a.csv', bytes('owner'))
      const manifest = await manifestOf(draft, key.syncId, ['a.csv'])
      await draft.publish(manifest)
      await t.rejects(zombie.publish(zombieManifest), DraftSuperseded)
      t.equal(await publishedText(store, manifest, 'a.csv'), 'owner')
    },
  )

  t.test(`${name}: what an earlier epoch has published is told, and stays`, async (t) => {
    const store = await place(t)()
    const manifest = await publishFiles(store, { 'a.csv': 'one' })
    const draft = await store.openDraft({ spreadsheetId: SPREADSHEET, syncId: manifest.syncId, epoch: 2 })
    t.strictSame(draft.published, manifest)
    await t.rejects(draft.append('a.csv', bytes('x')), TypeError)
    await draft.discard()
    t.equal(await publishedText(store, manifest, 'a.csv'), 'one')
  })

  t.test(`${name}: of a publish and a takeover at once exactly one wins`, async (t) => {
    const open = place(t)
    const store = await open()
    let published = 0
    const step = Math.round(1 / share)
    for (let turns = 0; turns < 20; turns += step) {
      const key = aKey()
      const draft = await store.openDraft(key)
      await draft.append('a.csv', bytes('1'))
      await draft.saveCheckpoint('saved')
      const manifest = await manifestOf(draft, key.syncId, ['a.csv'])
      const pause = async () => {
        for (let turn = 0; turn < turns; turn += 1) await store.find(SPREADSHEET, key.syncId)
      }
      const [publishing, later] = await Promise.all([
        Promise.allSettled([draft.publish(manifest)]),
        pause().then(() => store.openDraft({ ...key, epoch: 2 })),
      ])
      if (publishing[0].status === 'fulfilled') {
        published += 1
        t.strictSame(later.published, manifest)
      } else {
        t.type(publishing[0].reason, DraftSuperseded)
        t.equal(later.checkpoint, 'saved')
        t.equal(await stagedText(later, 'a.csv'), '1')
        t.equal(await store.find(SPREADSHEET, key.syncId), undefined)
      }
      await later.discard()
    }
    t.comment(`${published} were published`)
  })

  t.test(`${name}: of epochs that open one draft at once the last one holds it, with the checkpoint`, async (t) => {
    const open = place(t)
    const stores = await Promise.all([1, 2, 3, 4, 5].map(() => open()))
    for (let round = 0; round < 10 * share; round += 1) {
      const key = aKey()
      const first = await (await open()).openDraft(key)
      await first.append('a.csv', bytes('1'))
      await first.saveCheckpoint('saved')
      await first.close()
      const opened = await Promise.allSettled(
        stores.map((store, index) => store.openDraft({ ...key, epoch: index + 2 })),
      )
      for (const one of opened) if (one.status === 'rejected') t.type(one.reason, DraftSuperseded)
      const last = opened.at(-1)
      if (last?.status !== 'fulfilled') return t.fail('the last epoch was refused')
      t.equal(last.value.checkpoint, 'saved')
      t.equal(await stagedText(last.value, 'a.csv'), '1')
      await last.value.append('a.csv', bytes('2'))
      const manifest = await manifestOf(last.value, key.syncId, ['a.csv'])
      await last.value.publish(manifest)
      t.equal(await publishedText(await open(), manifest, 'a.csv'), '12')
    }
  })

  t.test(`${name}: a rewrite may read what it replaces; appends called after it come after it`, async (t) => {
    const store = await place(t)()
    const key = aKey()
    const draft = await store.openDraft(key)
    await draft.append('a.csv', bytes('rows'))
    async function* withHeader() {
      yield bytes('header ')
      yield* draft.read('a.csv')
    }
    await Promise.all([draft.rewrite('a.csv', withHeader()), draft.append('a.csv', bytes(' more'))])
    t.equal(await stagedText(draft, 'a.csv'), 'header rows more')
    await draft.rewrite('b.csv', [bytes('new')])
    await draft.rewrite('a.csv', withHeader())
    const manifest = await manifestOf(draft, key.syncId, ['a.csv', 'b.csv'])
    await draft.publish(manifest)
    t.equal(await publishedText(store, manifest, 'a.csv'), 'header header rows more')
    t.equal(await publishedText(store, manifest, 'b.csv'), 'new')
  })

  t.test(`${name}: a draft whose signal is aborted publishes nothing, and the next epoch publishes it`, async (t) => {
    const open = place(t)
    const [store, other] = [await open(), await open()]
    const reason = new Error('the service stops')
    for (const step of ['rewrite', 'publish'] as const) {
      const key = aKey()
      const stop = new AbortController()
      const draft = await store.openDraft(key, stop.signal)
      await draft.append('a.csv', bytes('one\n'))
      await draft.saveCheckpoint('saved')
      async function* endless() {
        for (let n = 0; ; n++) {
          if (n === 3) stop.abort(reason)
          yield bytes('more\n')
        }
      }
      const manifest = await manifestOf(draft, key.syncId, ['a.csv'])
      if (step === 'publish') stop.abort(reason)
      await t.rejects(step === 'publish' ? draft.publish(manifest) : draft.rewrite('a.csv', endless()), reason)
      await draft.close()
      t.equal(await other.find(SPREADSHEET, key.syncId), undefined)
      const next = await other.openDraft({ ...key, epoch: 2 })
      t.match(next, { published: undefined, checkpoint: 'saved' })
      await next.publish(await manifestOf(next, key.syncId, ['a.csv']))
      t.equal(await publishedText(store, manifest, 'a.csv'), 'one\n')
    }
    const key = aKey()
    const draft = await store.openDraft(key)
    await draft.append('a.csv', bytes('one\n'))
    await draft.saveCheckpoint('saved')
    await draft.close()
    await t.rejects(other.openDraft({ ...key, epoch: 2 }, AbortSignal.abort(reason)), reason)
    t.equal((await other.openDraft({ ...key, epoch: 3 })).checkpoint, 'saved')
  })

  t.test(`${name}: a sweep or a pruning whose signal is aborted removes nothing more`, async (t) => {
    const store = await place(t)()
    for (let n = 0; n < 9; n++) await publishFiles(store, { 'a.csv': `${n}` })
    const before = await store.list(SPREADSHEET)
    const draft = await store.openDraft(aKey())
    await draft.saveCheckpoint(1)
    await draft.close()
    t.strictSame(await store.prune(SPREADSHEET, AbortSignal.abort()), [])
    t.equal((await store.list(SPREADSHEET)).length, before.length)
    t.equal(await store.sweepDrafts(async () => false, AbortSignal.abort()), 0)
    t.equal(await store.sweepDrafts(async () => false), 1)
  })

  t.test(`${name}: a reset draft is empty, for later epochs too`, async (t) => {
    const store = await place(t)()
    const key = aKey()
    const draft = await store.openDraft(key)
    await draft.append('a.csv', bytes('1'))
    await draft.append('b.csv', bytes('1'))
    await draft.saveCheckpoint(1)
    await Promise.all([draft.reset(), draft.append('a.csv', bytes('2'))])
    t.equal(draft.checkpoint, undefined)
    t.equal(await stagedText(draft, 'a.csv'), '2')
    await t.rejects(draft.stat('b.csv'), TypeError)
    await draft.close()
    const later = await store.openDraft({ ...key, epoch: 2 })
    t.equal(later.checkpoint, undefined)
    await later.discard()
  })

  t.test(`${name}: the manifest must tell what is staged, and what it leaves out is dropped`, async (t) => {
    const store = await place(t)()
    const key = aKey()
    const draft = await store.openDraft(key)
    await draft.append('a.csv', bytes('1'))
    await draft.append('extra.csv', bytes('x'))
    const manifest = await manifestOf(draft, key.syncId, ['a.csv'])
    const file = { name: 'a.csv', format: 'csv', bytes: 1, sha256: sha256('1') } as const
    for (const lie of [{ bytes: 2 }, { sha256: sha256('2') }, { name: 'b.csv' }]) {
      await t.rejects(draft.publish(aManifest(key.syncId, [aTab(0, 'a', [{ ...file, ...lie }])])), TypeError)
    }
    await t.rejects(draft.publish(aManifest(newSyncId(), [])), TypeError)
    t.strictSame(await store.list(SPREADSHEET), [])
    await draft.publish(manifest)
    t.equal(await publishedText(store, manifest, 'extra.csv'), undefined)
    await t.rejects(draft.append('a.csv', bytes('x')), TypeError)
  })

  t.test(`${name}: discarded and swept drafts are gone, live ones stay`, async (t) => {
    const open = place(t)
    const store = await open()
    const keys = [aKey(), aKey(), aKey(), aKey()] as const
    for (const key of keys) {
      const draft = await store.openDraft(key)
      await draft.append('a.csv', bytes('1'))
      await draft.saveCheckpoint('saved')
      await (key === keys[0] ? draft.discard() : draft.close())
    }
    t.equal(await store.sweepDrafts(async (syncId) => syncId !== keys[1].syncId), 1)
    const other = await open()
    t.equal(await other.sweepDrafts(async (syncId) => syncId === keys[3].syncId), 1)
    t.equal(await other.sweepDrafts(async (syncId) => syncId === keys[3].syncId), 0)
    for (const [index, key] of keys.entries()) {
      const draft = await store.openDraft({ ...key, epoch: 2 })
      t.equal(draft.checkpoint, index === 3 ? 'saved' : undefined)
      await draft.discard()
    }
  })

  t.test(`${name}: pruning keeps the newest, and for each tab and format the newest that holds it`, async (t) => {
    const open = place(t)
    const store = await open({ kept: 2 })
    const publish = async (day: number, files: Readonly<Record<string, string>>, tabs: SnapshotManifest['tabs']) => {
      const syncId = newSyncId()
      const draft = await store.openDraft({ spreadsheetId: SPREADSHEET, syncId, epoch: 1 })
      for (const [file, content] of Object.entries(files)) await draft.append(file, bytes(content))
      await draft.publish(aManifest(syncId, tabs, { publishedAt: `2026-01-0${day}T00:00:00Z` }))
      return syncId
    }
    const file = (format: 'csv' | 'json') => ({ name: `a.${format}`, format, bytes: 1, sha256: sha256('1') })
    const csv = { 'a.csv': '1' }
    const rectangle = { startRow: 0, endRow: 2, startColumn: 0, endColumn: 2 }
    const ids = [
      await publish(1, csv, [aTab(0, 'A', [file('csv')])]),
      await publish(2, { 'a.json': '1' }, [aTab(0, 'A', [file('json')])]),
      await publish(3, csv, [aTab(9, 'Gone since', [file('csv')])]),
      await publish(4, csv, [{ ...aTab(0, 'A', [file('csv')]), range: 'A!A1:B2', rectangle }]),
      await publish(5, csv, [{ ...aTab(0, 'A', [file('csv')]), range: '$a$1:$b$2', rectangle }]),
      await publish(6, csv, [aTab(0, 'A', [file('csv')])]),
      await publish(7, csv, [aTab(0, 'A renamed', [file('csv')])]),
    ]
    const elsewhere = await publishFiles(store, csv, { spreadsheetId: 'another' })
    const stale = await store.openFile({ spreadsheetId: SPREADSHEET, syncId: ids[0] ?? '', name: 'a.csv' })
    t.strictSame(new Set(await store.prune(SPREADSHEET)), new Set([ids[0], ids[3]]))
    t.strictSame(
      (await (await open()).list(SPREADSHEET)).map(({ syncId }) => syncId),
      [ids[6], ids[5], ids[4], ids[2], ids[1]],
    )
    t.strictSame(await store.prune(SPREADSHEET), [])
    t.equal(await store.find(SPREADSHEET, ids[0] ?? ''), undefined)
    t.equal(stale && (await buffer(stale)).toString(), '1', 'a file that is being read is read to its end')
    t.strictSame(await store.find('another', elsewhere.syncId), elsewhere)
    t.strictSame(await store.prune('nothing-here'), [])
  })

  t.test(`${name}: pruning keeps as many for each API key, and for those without one`, async (t) => {
    const store = await place(t)({ kept: 1 })
    const ids: Record<string, string> = {}
    for (const [day, createdBy] of ['one', null, 'two', 'one', 'one', null].entries()) {
      const publishedAt = `2026-01-0${day + 1}T00:00:00Z`
      ids[day] = (await publishFiles(store, { 'a.csv': '1' }, { publishedAt, createdBy })).syncId
    }
    t.strictSame(new Set(await store.prune(SPREADSHEET)), new Set([ids[0], ids[1], ids[3]]))
    const left = await store.list(SPREADSHEET)
    t.strictSame(
      left.map(({ syncId, createdBy }) => [syncId, createdBy]),
      [
        [ids[5], null],
        [ids[4], 'one'],
        [ids[2], 'two'],
      ],
    )
  })

  t.test(`${name}: a sweep prunes every spreadsheet, removes what is too old, and counts the rest`, async (t) => {
    const open = place(t)
    const store = await open({ kept: 1, ttlMs: 86_400_000 })
    const publish = (day: number, spreadsheetId: string, createdBy: string | null = null) =>
      publishFiles(store, { 'a.csv': 'four' }, { publishedAt: `2026-01-0${day}T00:00:00Z`, spreadsheetId, createdBy })
    const staged = await store.openDraft(aKey())
    await staged.append('a.csv', bytes('not published'))
    await publish(1, 'too-old')
    const [pruned, kept, anothers] = [await publish(2, 'one'), await publish(3, 'one'), await publish(3, 'one', 'ann')]
    const other = await open()
    t.strictSame(other.usage(), { snapshots: 0, bytes: 0 }, 'nothing is known before the first pass')
    await other.count()
    t.strictSame(other.usage(), { snapshots: 4, bytes: 16 })
    t.equal(await store.sweep(new Date('2026-01-03T12:00:00Z')), 2)
    t.strictSame(await store.list('too-old'), [])
    t.equal(await store.find('one', pruned.syncId), undefined)
    t.strictSame(new Set(await store.list('one')), new Set([kept, anothers]))
    t.strictSame(store.usage(), { snapshots: 2, bytes: 8 })
    t.strictSame(store.usage('ann'), { snapshots: 1, bytes: 4 })
    t.strictSame(store.usage(null), { snapshots: 1, bytes: 4 })
    await other.count()
    t.strictSame(other.usage(), { snapshots: 2, bytes: 8 }, 'what others remove is seen by the next count')
    t.equal(await store.sweep(new Date('2026-01-03T12:00:00Z')), 0)
    t.equal(await store.sweep(new Date('2026-01-04T00:00:00.001Z')), 2, 'too old is too old, the newest too')
    t.strictSame(store.usage(), { snapshots: 0, bytes: 0 })
    await staged.discard()
  })

  t.test(`${name}: what is erased is gone for everybody, and nobody else's is touched`, async (t) => {
    const open = place(t)
    const [store, other] = [await open(), await open()]
    const publish = (createdBy: string | null, spreadsheetId = SPREADSHEET) =>
      publishFiles(store, { 'a.csv': '1' }, { createdBy, spreadsheetId })
    const mine = [await publish('ann'), await publish('ann')] as const
    const others = [await publish('bob'), await publish(null)]
    const elsewhere = await publish('ann', 'another')
    const running = await store.openDraft(aKey())
    await running.append('a.csv', bytes('running'))
    const reading = await other.openFile({ spreadsheetId: SPREADSHEET, syncId: mine[0].syncId, name: 'a.csv' })
    t.equal(await store.erase(SPREADSHEET, isOf('ann')), 2)
    for (const reader of [store, other]) {
      t.strictSame(new Set(await reader.list(SPREADSHEET)), new Set(others))
      t.equal(await publishedText(reader, mine[1], 'a.csv'), undefined)
    }
    t.equal(reading && (await buffer(reading)).toString(), '1', 'a file that is being read is read to its end')
    t.equal(await store.erase(SPREADSHEET, isOf('ann')), 0)
    t.equal(await other.erase(SPREADSHEET), 2, 'without a name everybody’s go')
    t.strictSame(await store.list(SPREADSHEET), [])
    t.strictSame(await store.list('another'), [elsewhere])
    t.equal(await store.erase('nothing-here'), 0)
    t.equal(await store.erase('../x'), 0)
    const manifest = await publishFiles(store, { 'a.csv': 'again' })
    t.equal(await publishedText(other, manifest, 'a.csv'), 'again')
    t.equal(await stagedText(running, 'a.csv'), 'running', 'what is staged stays')
    await running.discard()
  })

  t.test(
    `${name}: what is published while all is erased and swept stays or goes, and is never half there`,
    async (t) => {
      const open = place(t)
      const [store, other] = [await open(), await open()]
      const pause = async (turns: number) => {
        for (let turn = 0; turn < turns; turn += 1) await other.find(SPREADSHEET, newSyncId())
      }
      let stayed = 0
      const step = Math.min(4, 2 / share)
      for (let turns = 0; turns < 12; turns += step) {
        await publishFiles(store, { 'a.csv': 'old' })
        const [manifest] = await Promise.all([
          publishFiles(store, { 'a.csv': 'new' }),
          pause(turns).then(() => other.erase(SPREADSHEET)),
          pause(turns).then(() => store.sweep(new Date())),
        ])
        const found = await store.find(SPREADSHEET, manifest.syncId)
        if (found !== undefined) stayed += 1
        t.equal(await publishedText(other, manifest, 'a.csv'), found && 'new')
        await store.erase(SPREADSHEET)
      }
      t.comment(`${stayed} stayed`)
    },
  )

  t.test(`${name}: snapshots are listed newest first, and by sync id within one instant`, async (t) => {
    const store = await place(t)()
    const ids = [newSyncId(), newSyncId(), newSyncId()] as const
    await publishFiles(store, {}, { syncId: ids[2], publishedAt: '2026-01-01T00:00:00.000Z' })
    await publishFiles(store, {}, { syncId: ids[0], publishedAt: '2026-01-02T00:00:00Z' })
    await publishFiles(store, {}, { syncId: ids[1], publishedAt: '2026-01-01T00:00:00Z' })
    t.strictSame(
      (await store.list(SPREADSHEET)).map(({ syncId }) => syncId),
      [ids[0], ids[2], ids[1]],
    )
    await store.close()
    await store.close()
  })

  t.test(`${name}: any course of appends, rewrites, checkpoints and crashes ends as its model does`, async (t) => {
    await draftsAgreeWithTheirModel(t, place(t), 60 * share)
  })

  testMovedDrafts(t, name, place, share)
}
