import type { Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { DraftSuperseded, type SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { manifestOf, publishedText, SPREADSHEET, stagedText } from './manifests.ts'
import { aKeptDraft } from './moved-drafts.ts'

interface Stores {
  readonly healthy: SnapshotStore
  readonly faulty: SnapshotStore
  /** Sets the fault, or takes it away. */
  readonly fail: (nth: number | undefined) => void
  /** Whether the fault that was set has come. */
  readonly hasFailed: () => boolean
}

/** Moves a draft and opens it while one call fails, then as if nothing had; resolves to whether the call was reached. */
async function moveWithFault(
  t: Test,
  { healthy, faulty, fail, hasFailed }: Stores,
  nth: number,
  isRepeated: boolean,
): Promise<boolean> {
  const from = { spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch: 1 }
  const to = { ...from, syncId: newSyncId() }
  await (await aKeptDraft(healthy, from)).close()
  fail(nth)
  let isMoved = false
  try {
    isMoved = await faulty.moveDraft(from, to.syncId)
    const draft = await faulty.openDraft(to)
    await draft.close()
  } catch (error) {
    if (!(error instanceof AppError)) throw error
  }
  const wasReached = hasFailed()
  fail(undefined)
  if (isRepeated && !isMoved) t.equal(await healthy.moveDraft(from, to.syncId), true, 'the same call moves it')
  else if (!isMoved)
    t.equal(await healthy.moveDraft(from, newSyncId()).then(() => true), true, 'another call harms nothing')
  const draft = await healthy.openDraft({ ...to, epoch: 2 })
  if (isRepeated || isMoved) t.strictSame(draft.checkpoint, { rows: 1 })
  if (draft.checkpoint !== undefined) {
    t.strictSame([await stagedText(draft, 'a.csv'), await stagedText(draft, 'b.csv')], ['1\n', 'b'])
    await t.rejects(healthy.openDraft({ ...from, epoch: 2 }), DraftSuperseded)
  }
  await draft.append('a.csv', Buffer.from('2\n'))
  const manifest = await manifestOf(draft, to.syncId, ['a.csv'])
  await draft.publish(manifest)
  await healthy.sweepDrafts(async () => false)
  t.equal(await publishedText(healthy, manifest, 'a.csv'), draft.checkpoint === undefined ? '2\n' : '1\n2\n')
  t.equal(await healthy.sweepDrafts(async () => false), 0, 'nothing is left')
  return wasReached
}

/** Fails each call in turn, until there is none left to fail. */
export async function failEachCallOfMove(t: Test, stores: Stores, least: number): Promise<void> {
  let nth = 0
  for (let wasReached = true; wasReached && t.passing(); ) {
    nth += 1
    const [once, again] = [await moveWithFault(t, stores, nth, true), await moveWithFault(t, stores, nth, false)]
    wasReached = once || again
  }
  t.ok(nth > least, `${nth - 1} calls were failed in turn`)
}
