import t, { type Test } from 'tap'
import { faultOfOnChange, recordPrefix } from '../../src/schedules/change-credential.ts'
import { ChangeWatcher } from '../../src/schedules/change-watcher.ts'
import { ChangeWatchers, type FollowedSpreadsheet } from '../../src/schedules/change-watchers.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { aLog } from '../support/log-lines.ts'
import { MemoryKeyValueStore } from '../support/memory-key-value-store.ts'
import { FakeDrive } from './fake-drive.ts'

const notifyAt = 'https://sheets.example/google/notifications'

/** Watchers of two accounts, each with a Drive of its own, over one storage. */
function twoDrives(t: Test) {
  const clock = new FakeClock()
  const drives = { default: new FakeDrive(clock), agency: new FakeDrive(clock) }
  const [records, signals] = [new MemoryKeyValueStore(clock), new MemoryKeyValueStore(clock)]
  const followed = new Set<FollowedSpreadsheet>()
  const told: string[] = []
  const log = aLog()
  const open = async (credential: string) => {
    const feed = drives[credential as keyof typeof drives]
    if (feed === undefined) throw new Error(`no ${credential}`)
    return new ChangeWatcher({
      credential,
      feed,
      records,
      signals,
      watched: async () => [...followed].filter((one) => one.credential === credential),
      onChanged: async ({ spreadsheetId, version }) => void told.push(`${credential} ${spreadsheetId} ${version}`),
      intervalMs: 30_000,
      quietMs: 20_000,
      notifyAt,
      clock,
      log,
    })
  }
  const watchers = new ChangeWatchers({
    followed: async () => followed,
    canWatch: (credential) => credential !== 'keyed',
    open,
    intervalMs: 30_000,
    clock,
    log,
  })
  t.teardown(() => watchers.close())
  watchers.start()
  const news = () => told.splice(0).sort()
  return { clock, drives, followed, news, log, watchers, records, signals }
}

t.test(
  'each credential is watched by its own log, from when something is followed with it until nothing is',
  async (t) => {
    const { clock, drives, followed, news, records } = twoDrives(t)
    await clock.advance(61_000)
    t.strictSame(
      [drives.default.calls.length, drives.agency.calls.length],
      [0, 0],
      'while nothing is followed Google is not called',
    )
    for (const drive of Object.values(drives)) drive.add('book')
    const ofAgency = { spreadsheetId: 'book', credential: 'agency' }
    followed.add(ofAgency)
    await clock.advance(61_000)
    t.strictSame(news(), ['agency book 1'])
    t.equal(drives.default.calls.length, 0, 'nor that of another account')
    followed.add({ spreadsheetId: 'book', credential: 'default' })
    await clock.advance(61_000)
    t.strictSame(news(), ['default book 1'])
    drives.agency.edit('book')
    await clock.advance(31_000)
    t.strictSame(news(), ['agency book 2'], 'what one sees is not told of the other')
    t.strictSame([drives.default.channels.size, drives.agency.channels.size], [1, 1])
    followed.delete(ofAgency)
    await clock.advance(61_000)
    t.strictSame([drives.default.channels.size, drives.agency.channels.size], [1, 0], 'its channel is stopped')
    const left = (await records.keys()).filter(
      (key) => key.startsWith(recordPrefix('agency')) && key.endsWith('-tokens'),
    )
    t.strictSame(left, [])
    const calls = drives.agency.calls.length
    await clock.advance(120_000)
    t.equal(drives.agency.calls.length, calls)
    followed.add(ofAgency)
    drives.agency.edit('book')
    await clock.advance(61_000)
    t.strictSame(news(), ['agency book 3'], 'and it is begun again')
  },
)

t.test('a credential that cannot be watched holds up no other', async (t) => {
  const { clock, drives, followed, news, log } = twoDrives(t)
  drives.default.add('book')
  for (const credential of ['unknown', 'keyed', 'default']) followed.add({ spreadsheetId: 'book', credential })
  await clock.advance(61_000)
  t.strictSame(news(), ['default book 1'])
  t.match(log.lines.join('\n'), /no unknown/)
})

t.test('records of credentials do not run into each other, whatever they are called', async (t) => {
  t.equal(recordPrefix('default'), 'default')
  const names = ['a', 'a-file', 'a.b', `${'x'.repeat(60)}.eu`]
  for (const name of names) t.match(recordPrefix(name), /^c[0-9a-f]{32}$/)
  t.equal(new Set(names.map(recordPrefix)).size, names.length)
})

t.test('changes are followed by accounts, and not in the name of people', async (t) => {
  t.match(faultOfOnChange('account', 'ann@example.com'), { message: /cannot be true with actAs/, hint: /"every"/ })
  t.equal(faultOfOnChange('account'), undefined)
})
