import t from 'tap'
import { AppError } from '../../src/errors.ts'
import { faultOfOnChange } from '../../src/schedules/change-credential.ts'
import { addChange, debounceEnd, type PendingChange } from '../../src/schedules/change-debounce.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { aDrive, aWatcher } from './watchers.ts'

t.test('an edit is told with its version by the next list, a view is not', async (t) => {
  const { drive, ids, clock, news } = aWatcher(t, aDrive())
  drive.add('book')
  ids.add('book')
  await clock.advance(31_000)
  t.strictSame(news(), ['book 1'], 'as it is first seen')
  drive.edit('book')
  await clock.advance(30_000)
  t.strictSame(news(), ['book 2'])
  drive.view('book')
  await clock.advance(120_000)
  t.strictSame(news(), [])
})

t.test('one list every interval tells of all spreadsheets of the account', async (t) => {
  const { drive, ids, clock, news } = aWatcher(t, aDrive())
  for (let n = 0; n < 50; n++) {
    drive.add(`book-${n}`)
    ids.add(`book-${n}`)
  }
  await clock.advance(31_000)
  t.equal(news().length, 50)
  const before = drive.calls.length
  await clock.advance(300_000)
  t.strictSame(drive.calls.slice(before), Array(10).fill('list account'))
})

t.test('while nothing is watched Google is not called, and what was known is forgotten', async (t) => {
  const { drive, ids, clock, news, records } = aWatcher(t, aDrive())
  drive.add('book')
  await clock.advance(300_000)
  t.strictSame(drive.calls, [])
  ids.add('book')
  await clock.advance(31_000)
  ids.clear()
  await clock.advance(31_000)
  t.equal((await records.get('default-tokens')).version, undefined)
  t.equal((await records.get('default-file-book')).version, undefined)
  const before = drive.calls.length
  drive.edit('book')
  await clock.advance(300_000)
  t.equal(drive.calls.length, before)
  ids.add('book')
  await clock.advance(31_000)
  t.strictSame(news(), ['book 1', 'book 2'])
})

t.test('a spreadsheet that is watched again is asked for, whatever is known of it', async (t) => {
  const { drive, ids, clock, news } = aWatcher(t, aDrive())
  for (const id of ['book', 'other']) {
    drive.add(id)
    ids.add(id)
  }
  await clock.advance(31_000)
  ids.delete('book')
  await clock.advance(31_000)
  news()
  drive.edit('book')
  await clock.advance(60_000)
  ids.add('book')
  await clock.advance(31_000)
  t.strictSame(news(), ['book 2'])
})

t.test('what an earlier process knew of a spreadsheet that was not watched since is not believed', async (t) => {
  const shared = aDrive()
  const { drive, ids, clock } = shared
  for (const id of ['book', 'other']) {
    drive.add(id)
    ids.add(id)
  }
  const first = aWatcher(t, shared)
  await clock.advance(31_000)
  await first.watcher.close()
  ids.delete('book')
  const { news } = aWatcher(t, shared)
  await clock.advance(31_000)
  drive.edit('book')
  await clock.advance(61_000)
  ids.add('book')
  await clock.advance(32_000)
  t.strictSame(news(), ['book 2'])
})

t.test('one that is taken away is told once, and once more when it is there again', async (t) => {
  const { drive, ids, clock, news } = aWatcher(t, aDrive())
  drive.add('book')
  ids.add('book')
  await clock.advance(31_000)
  news()
  drive.hide('book')
  await clock.advance(600_000)
  t.strictSame(news(), ['book null'])
  drive.add('book')
  drive.view('book')
  await clock.advance(31_000)
  t.strictSame(news(), ['book 1'])
})

t.test(
  'a shared drive has a list of its own; where it is none of the account’s, its spreadsheets are asked for',
  async (t) => {
    const { drive, ids, clock, news } = aWatcher(t, aDrive())
    drive.add('team', { drive: 'drive-1' })
    ids.add('team')
    await clock.advance(61_000)
    t.strictSame(news(), ['team 1'])
    drive.edit('team')
    await clock.advance(30_000)
    t.strictSame(news(), ['team 2'])
    t.ok(drive.count('list drive-1') > 0)
    drive.removeDrive('drive-1')
    await clock.advance(30_000)
    drive.edit('team')
    const lists = drive.count('list drive-1')
    await clock.advance(301_000)
    t.strictSame(news(), ['team 3'])
    t.ok(drive.count('list drive-1') <= lists + 1, 'it is not asked for each time')
  },
)

t.test('a spreadsheet that is open by link is asked for every five minutes, and no other is', async (t) => {
  const { drive, ids, clock, news } = aWatcher(t, aDrive())
  for (const [id, where] of [
    ['book', 'account'],
    ['link', 'link'],
  ] as const) {
    drive.add(id, where)
    ids.add(id)
  }
  await clock.advance(31_000)
  t.strictSame(news().sort(), ['book 1', 'link 1'])
  for (let version = 2; version < 5; version++) {
    drive.edit('link')
    await clock.advance(301_000)
    t.strictSame(news(), [`link ${version}`])
  }
  t.equal(drive.count('file book'), 1)
  t.ok(drive.count('file link') <= 5)
})

t.test(
  'a token that Google takes no more is replaced, and each spreadsheet asked for: the version decides',
  async (t) => {
    const { drive, ids, clock, news, log } = aWatcher(t, aDrive())
    for (const [id, where] of [
      ['a', 'account'],
      ['b', 'account'],
      ['team', { drive: 'drive-1' }],
    ] as const) {
      drive.add(id, where)
      ids.add(id)
    }
    await clock.advance(61_000)
    news()
    drive.edit('b')
    drive.edit('team')
    drive.expireTokens()
    await clock.advance(31_000)
    t.strictSame(news().sort(), ['b 2', 'team 2'])
    t.equal(log.lines.filter((line) => line.startsWith('warn Google forgot')).length, 2)
    drive.edit('a')
    await clock.advance(31_000)
    t.strictSame(news(), ['a 2'])
  },
)

t.test('a list that was read is not read again after a restart, and what changed meanwhile is told', async (t) => {
  const shared = aDrive()
  const { drive, ids, clock } = shared
  drive.add('book')
  drive.add('quiet')
  ids.add('book').add('quiet')
  const first = aWatcher(t, shared)
  await clock.advance(31_000)
  await first.watcher.close()
  drive.edit('book')
  const { news } = aWatcher(t, shared)
  await clock.advance(300_000)
  t.strictSame(news(), ['book 2'], 'and nothing of the other, which is the same')
  t.equal(drive.count('start account'), 1)
})

t.test('what cannot be told is told again', async (t) => {
  let isFull = true
  const heard: string[] = []
  const onChanged = async ({ spreadsheetId, version }: { spreadsheetId: string; version: string | null }) => {
    if (isFull) throw new AppError('STORAGE_UNAVAILABLE', 'The storage is gone.')
    heard.push(`${spreadsheetId} ${version}`)
  }
  const { drive, ids, clock, log } = aWatcher(t, aDrive(), { onChanged })
  drive.add('book')
  ids.add('book')
  await clock.advance(601_000)
  isFull = false
  await clock.advance(301_000)
  t.strictSame(heard, ['book 1'])
  isFull = true
  drive.edit('book')
  await clock.advance(120_000)
  isFull = false
  await clock.advance(31_000)
  t.strictSame(heard, ['book 1', 'book 2'])
  t.equal(log.lines.filter((line) => line.startsWith('warn')).length, 2)
})

t.test('a Google that fails is told of once, with its pause kept, and so is that it is there again', async (t) => {
  const { drive, ids, clock, news, log } = aWatcher(t, aDrive())
  drive.add('book')
  ids.add('book')
  await clock.advance(31_000)
  news()
  drive.fault = new AppError('GOOGLE_QUOTA_EXCEEDED', 'Too many calls.', { retryAfterSeconds: 100 })
  await clock.advance(30_000)
  const { length } = drive.calls
  await clock.advance(95_000)
  t.equal(drive.calls.length, length)
  await clock.advance(300_000)
  drive.edit('book')
  drive.fault = undefined
  await clock.advance(101_000)
  t.strictSame(news(), ['book 2'])
  const said = log.lines.filter((line) => /^(?:warn|info)/.test(line))
  t.match(said, [
    /^warn changes of spreadsheets cannot be found out/,
    /^info changes of spreadsheets can be found out again/,
  ])
  t.equal(said.length, 2)
})

t.test('edited ten times a second, a spreadsheet is acted upon once, within the longest wait', async (t) => {
  const limits = { quietMs: 20_000, waitMaxMs: 120_000 }
  const shared = aDrive()
  const { clock, drive } = shared
  let pending: PendingChange | null = null
  const runs: { at: number; version: string | null }[] = []
  const onChanged = async (change: { version: string | null; at: Date }) => {
    pending = addChange(pending, change)
  }
  const act = () => {
    if (pending === null || debounceEnd(pending, limits) > clock.now()) return
    runs.push({ at: clock.monotonic() / 1000, version: pending.version })
    pending = null
  }
  const { ids } = aWatcher(t, shared, { onChanged })
  drive.add('book')
  ids.add('book')
  for (let second = 0; second < 60; second++) {
    await clock.advance(1000)
    act()
  }
  runs.length = 0
  const began = clock.monotonic() / 1000
  for (let second = 0; second < 155; second++) {
    for (let edits = 0; edits < 10; edits++) drive.edit('book')
    await clock.advance(1000)
    act()
  }
  t.equal(runs.length, 1)
  const [run] = runs
  t.ok(run && run.at - began <= 120 + 30, `after ${run && run.at - began} s`)
  for (let second = 0; second < 60; second++) {
    await clock.advance(1000)
    act()
  }
  t.match(runs, [{}, { version: '1551' }])
})

t.test('hundreds of new spreadsheets are asked for within seconds, a few at a time', async (t) => {
  const { drive, ids, clock, news } = aWatcher(t, aDrive())
  for (let n = 0; n < 450; n++) {
    drive.add(`book-${n}`)
    ids.add(`book-${n}`)
  }
  await clock.advance(36_000)
  t.equal(news().length, 450)
  t.equal(drive.askedAtATime, 4)
})

t.test('of two processes one polls; when it closes, the other goes on from its token', async (t) => {
  const shared = aDrive()
  const { drive, ids, clock } = shared
  drive.add('book')
  ids.add('book')
  const [one, other] = [aWatcher(t, shared), aWatcher(t, shared)]
  await clock.advance(61_000)
  t.strictSame([one.watcher.isPolling, other.watcher.isPolling], [true, false])
  t.strictSame([one.news(), other.news()], [['book 1'], []])
  await one.watcher.close()
  drive.edit('book')
  await clock.advance(31_000)
  t.strictSame([one.news(), other.news()], [[], ['book 2']])
  t.equal(drive.count('start account'), 1)
})

t.test('a poller that stands still is replaced after ten seconds, and polls no more when it wakes', async (t) => {
  const [own, shared] = [new FakeClock(), aDrive()]
  const { drive, ids, clock } = shared
  drive.add('book')
  ids.add('book')
  const stopped = aWatcher(t, { ...shared, clock: own })
  const other = aWatcher(t, shared)
  const bothFor = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      await own.advance(500)
      await clock.advance(500)
    }
  }
  await bothFor(61_000)
  t.strictSame([stopped.watcher.isPolling, other.watcher.isPolling], [true, false])
  stopped.news()
  await clock.advance(7_000)
  t.equal(other.watcher.isPolling, false)
  await clock.advance(10_000)
  t.equal(other.watcher.isPolling, true)
  drive.edit('book')
  await clock.advance(31_000)
  t.strictSame(other.news(), ['book 2'])
  own.leap(60_000)
  await bothFor(61_000)
  t.strictSame([stopped.watcher.isPolling, other.watcher.isPolling], [false, true])
  drive.edit('book')
  await bothFor(31_000)
  t.strictSame([stopped.news().includes('book 3'), other.news()], [false, ['book 3']])
})

t.test('records that a power cut has torn are made anew', async (t) => {
  const shared = aDrive()
  const { drive, ids, clock, records } = shared
  drive.add('book')
  ids.add('book')
  await aWatcher(t, shared).watcher.close()
  const get = records.get.bind(records)
  const torn = new Set(['default-tokens', 'default-file-book', 'default-processes'])
  records.get = async (key) => {
    if (torn.has(key)) throw new SyntaxError('torn')
    return get(key)
  }
  const remove = records.remove.bind(records)
  records.remove = async (key, expected) => {
    torn.delete(key)
    return remove(key, expected)
  }
  const { news } = aWatcher(t, shared)
  await clock.advance(31_000)
  t.strictSame(news(), ['book 1'])
})

t.test('an API key cannot follow changes, and is told the way on', async (t) => {
  t.match(faultOfOnChange('api-key'), { hint: /"every".*GOOGLE_APPLICATION_CREDENTIALS/ })
  t.strictSame([faultOfOnChange('account'), faultOfOnChange('none')], [undefined, undefined])
})
