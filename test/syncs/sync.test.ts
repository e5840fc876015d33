import t from 'tap'
import { AppError } from '../../src/errors.ts'
import { toProblem } from '../../src/model/problem.ts'
import { isTerminal, type Sync } from '../../src/model/sync.ts'
import { parseSyncRecord, toSyncRecord } from '../../src/model/sync-record.ts'
import { serializeView, toView } from '../../src/model/sync-view.ts'
import {
  cancelSync,
  claimSync,
  failSync,
  interruptSync,
  reportSync,
  requestCancel,
  succeedSync,
} from '../../src/syncs/sync.ts'
import { aQueuedSync } from '../support/syncs.ts'

const now = new Date('2026-01-02T03:04:05.000Z')
const TTL = 60_000
const problem = toProblem(new AppError('SHEET_NOT_FOUND', 'gone'))
const done = { outcome: 'downloaded', consistent: true, snapshotId: 'x', report: {} } as const

const transitions: Record<string, (sync: Sync) => Sync> = {
  claim: (sync) => claimSync(sync, 'owner', now),
  report: (sync) => reportSync(sync, {}, now),
  cancel: (sync) => cancelSync(sync, now, TTL),
  interrupt: (sync) => interruptSync(sync, now),
  succeed: (sync) => succeedSync(sync, done, now, TTL),
  fail: (sync) => failSync(sync, problem, now, TTL),
}

t.test('every transition makes a new sync with the next revision and leaves the old one as it was', async (t) => {
  for (const [name, transition] of Object.entries(transitions)) {
    const before = aQueuedSync()
    const copy = structuredClone(before)
    const after = transition(before)
    t.equal(after.revision, before.revision + 1, name)
    t.same(before, copy, `${name} does not touch what it was given`)
    t.same(
      parseSyncRecord(after.id, JSON.stringify(toSyncRecord(after))),
      after,
      `what ${name} makes can be stored and read back`,
    )
  }
})

t.test('a terminal state absorbs: no transition leaves it', async (t) => {
  const ends = [transitions.succeed, transitions.fail, transitions.cancel].map((end) => end?.(aQueuedSync()) as Sync)
  for (const ended of ends) {
    t.ok(isTerminal(ended))
    for (const [name, transition] of Object.entries(transitions)) {
      t.throws(() => transition(ended), { code: 'SYNC_FINISHED' }, `${ended.state} refuses ${name}`)
    }
  }
})

t.test('a claim raises the epoch and the attempt', async (t) => {
  const first = claimSync(aQueuedSync(), 'one', now)
  const second = claimSync(interruptSync(first, now), 'two', now)
  t.match(first, { state: 'running', attempt: 1, lease: { epoch: 1, owner: 'one' }, startedAt: now.toISOString() })
  t.match(second, { state: 'running', attempt: 2, lease: { epoch: 2, owner: 'two' }, startedAt: first.startedAt })
})

t.test('percent never falls, and is 100 only when succeeded', async (t) => {
  const half = reportSync(claimSync(aQueuedSync(), 'one', now), { progress: { percent: 50 } }, now)
  t.equal(reportSync(half, { progress: { percent: 20 } }, now).progress.percent, 50)
  t.equal(reportSync(half, { progress: { percent: 100 } }, now).progress.percent, 99)
  t.match(succeedSync(half, done, now, TTL).progress, { percent: 100, phase: 'done' })
  t.equal(failSync(half, problem, now, TTL).progress.percent, 50)
})

t.test('only a sync that runs waits for the quota', async (t) => {
  const waiting = reportSync(
    claimSync(aQueuedSync(), 'one', now),
    { progress: { waitingUntil: '2026-01-02T03:05:00.000Z' } },
    now,
  )
  t.equal(waiting.progress.waitingUntil, '2026-01-02T03:05:00.000Z')
  for (const [name, transition] of Object.entries(transitions)) {
    if (name !== 'report') t.equal(transition(waiting).progress.waitingUntil, null, name)
  }
  const cancelling = requestCancel(waiting, now, TTL)
  t.match(cancelling, { state: 'cancelling', progress: { waitingUntil: null } })
  t.equal(reportSync(cancelling, { progress: waiting.progress }, now).progress.waitingUntil, null, 'a late report')
  const result = { ...done, report: { progress: waiting.progress } }
  t.equal(succeedSync(waiting, result, now, TTL).progress.waitingUntil, null)
})

t.test('a cancel ends what nobody runs at once, and asks a running sync to stop', async (t) => {
  const running = claimSync(aQueuedSync(), 'one', now)
  t.equal(requestCancel(aQueuedSync(), now, TTL).state, 'cancelled')
  t.equal(requestCancel(interruptSync(running, now), now, TTL).state, 'cancelled')
  const cancelling = requestCancel(running, now, TTL)
  t.equal(cancelling.state, 'cancelling')
  t.equal(requestCancel(cancelling, now, TTL), cancelling, 'asking again changes nothing')
  t.equal(claimSync(cancelling, 'two', now).state, 'cancelling', 'a new owner ends it, it does not run it')
  t.equal(interruptSync(cancelling, now).state, 'cancelling')
  t.throws(() => requestCancel(succeedSync(running, done, now, TTL), now, TTL), { code: 'SYNC_FINISHED' })
})

t.test('a finished sync expires one TTL after its end', async (t) => {
  const ended = cancelSync(aQueuedSync(), now, TTL)
  t.equal(Date.parse(ended.expiresAt) - Date.parse(ended.finishedAt), TTL)
  t.equal(ended.pollAfterMs, null)
})

t.test('a wall clock that was set back moves no stamp back', async (t) => {
  const later = reportSync(aQueuedSync(), {}, now)
  const earlier = reportSync(later, {}, new Date(now.getTime() - 3_600_000))
  t.equal(earlier.updatedAt, later.updatedAt)
  t.equal(earlier.revision, later.revision + 1)
})

t.test('the wire shows nothing of who runs a sync', async (t) => {
  const view = toView(claimSync(aQueuedSync(), 'secret-host:1', now))
  t.notMatch(JSON.stringify(view), /secret-host|lease|snapshotId/)
})

t.test('a sync that no client could read is a damaged status, not a defect of the service', (t) => {
  const sync = aQueuedSync()
  t.same(JSON.parse(serializeView(sync)), toView(sync))
  const unfit = { ...sync, progress: { ...sync.progress, percent: 101 } }
  t.throws(() => serializeView(unfit), { code: 'STATUS_CORRUPT', cause: { name: 'ZodError' } })
  t.end()
})

t.test('a record whose parts contradict each other is refused', async (t) => {
  const running = claimSync(aQueuedSync(), 'one', now)
  t.throws(() => parse({ ...running, state: 'succeeded' }))
  t.throws(() => parse({ ...running, state: 'failed', finishedAt: running.updatedAt, expiresAt: running.updatedAt }))
  t.throws(() => parse({ ...running, revision: 0 }))
  t.throws(() => parse({ ...running, id: '../x' }))
})

function parse(record: { readonly id: string; readonly [member: string]: unknown }): Sync {
  return parseSyncRecord(record.id, JSON.stringify(record))
}
