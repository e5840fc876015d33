import t from 'tap'
import { AppError } from '../../src/errors.ts'
import { ChangeNotifications, wakeKey } from '../../src/schedules/change-notifications.ts'
import { aLog } from '../support/log-lines.ts'
import { aDrive, aWatcher } from './watchers.ts'

const DAY_MS = 86_400_000
const notifyAt = 'https://sheets.example/google/notifications'

/** A drive with one watched spreadsheet. */
function oneBook() {
  const shared = aDrive()
  shared.drive.add('book')
  shared.ids.add('book')
  return shared
}

t.test('one channel is opened with an id and a token of its own, and the token is kept nowhere', async (t) => {
  const shared = oneBook()
  const { drive, clock, log, records } = aWatcher(t, shared, { notifyAt })
  aWatcher(t, shared, { notifyAt })
  await clock.advance(300_000)
  const [channel, ...others] = drive.channels.values()
  t.match(channel, { id: /^[0-9a-f-]{36}$/, token: /^[\w-]{43}$/, address: notifyAt })
  t.strictSame([others, drive.count('watch')], [[], 1])
  const stored = JSON.stringify(await records.get('default-channels'))
  t.match(stored, channel?.id)
  t.notMatch(stored, channel?.token)
  t.notMatch(log.lines.join('\n'), channel?.token)
})

t.test('a channel is renewed a day before it ends, and the old one goes on for a while', async (t) => {
  const { drive, clock } = aWatcher(t, oneBook(), { notifyAt, intervalMs: 60_000, askIntervalMs: DAY_MS * 30 })
  await clock.advance(61_000)
  const [first] = drive.channels.keys()
  // Days of lists, without those between.
  clock.leap(6 * DAY_MS - 600_000)
  await clock.advance(120_000)
  t.strictSame([...drive.channels.keys()], [first])
  clock.leap(600_000)
  await clock.advance(120_000)
  t.equal(drive.channels.size, 2, 'both notify')
  await clock.advance(400_000)
  t.strictSame([drive.channels.size, drive.channels.has(first ?? '')], [1, false])
  t.equal(drive.count('watch'), 2)
})

t.test('a channel that a restart finds is used on; one for another address is replaced', async (t) => {
  const shared = oneBook()
  const { drive, clock } = shared
  const stays = aWatcher(t, shared, { notifyAt })
  await clock.advance(61_000)
  const [first] = drive.channels.keys()
  // Another process is there, so the first to close leaves the channel.
  const next = aWatcher(t, shared, { notifyAt })
  await clock.advance(10_000)
  await stays.watcher.close()
  await clock.advance(61_000)
  t.strictSame([...drive.channels.keys()], [first])
  const moved = aWatcher(t, shared, { notifyAt: 'https://moved.example/google/notifications' })
  await clock.advance(10_000)
  await next.watcher.close()
  await clock.advance(400_000)
  t.match([...drive.channels.values()], [{ address: 'https://moved.example/google/notifications' }])
  await moved.watcher.close()
})

t.test('the last to close stops the channel, and so does the last spreadsheet that is watched', async (t) => {
  const shared = oneBook()
  const { drive, clock, ids } = shared
  const [one, other] = [aWatcher(t, shared, { notifyAt }), aWatcher(t, shared, { notifyAt })]
  await clock.advance(61_000)
  await one.watcher.close()
  t.equal(drive.channels.size, 1)
  await other.watcher.close()
  t.equal(drive.channels.size, 0)
  const third = aWatcher(t, shared, { notifyAt })
  await clock.advance(61_000)
  t.equal(drive.channels.size, 1)
  ids.clear()
  await clock.advance(61_000)
  t.equal(drive.channels.size, 0)
  await third.watcher.close()
})

t.test('of processes that close at once, one stops the channel', async (t) => {
  const shared = oneBook()
  const { drive, clock } = shared
  const watchers = Array.from({ length: 3 }, () => aWatcher(t, shared, { notifyAt }))
  await clock.advance(61_000)
  await Promise.all(watchers.map(({ watcher }) => watcher.close()))
  t.strictSame([drive.channels.size, drive.count('stop')], [0, 1])
})

t.test('a Google that sends no notifications is asked again ever more rarely, and the poll goes on', async (t) => {
  const { drive, clock, ids, news, log } = aWatcher(t, oneBook(), { notifyAt })
  drive.channelFault = new AppError('GOOGLE_REQUEST_REFUSED', 'Google sends no notifications here.')
  await clock.advance(31_000)
  news()
  drive.edit('book')
  await clock.advance(31_000)
  t.strictSame(news(), ['book 2'])
  await clock.advance(3_600_000)
  t.ok(drive.count('watch') >= 4 && drive.count('watch') <= 8, `${drive.count('watch')} times`)
  t.match(log.lines, [/^debug/, /^warn Google does not notify of changes/])
  drive.channelFault = undefined
  await clock.advance(3_700_000)
  t.equal(drive.channels.size, 1)
  ids.clear()
})

/** A process that takes notifications, and a watcher in another. */
async function notified(t: Parameters<typeof aWatcher>[0]) {
  const shared = oneBook()
  const { drive, clock, records, signals } = shared
  const { news, watcher } = aWatcher(t, shared, { notifyAt })
  await clock.advance(61_000)
  news()
  const log = aLog()
  const notifications = new ChangeNotifications({ credentials: async () => ['default'], records, signals, clock, log })
  t.teardown(() => notifications.close())
  const [channel] = drive.channels.values()
  const { id = '', token = '' } = channel ?? {}
  return { ...shared, news, watcher, notifications, id, token, log }
}

t.test('a notification brings the next list forward: an edit is told within two seconds', async (t) => {
  const { drive, clock, news, notifications, id, token } = await notified(t)
  await clock.advance(15_000)
  news()
  drive.edit('book')
  notifications.receive(id, token)
  await clock.advance(2000)
  t.strictSame(news(), ['book 2'])
})

t.test('a notification that is lost or late leaves the edit to the next list', async (t) => {
  const { drive, clock, news, notifications, id, token } = await notified(t)
  drive.edit('book')
  await clock.advance(31_000)
  t.strictSame(news(), ['book 2'])
  notifications.receive(id, token)
  await clock.advance(31_000)
  t.strictSame(news(), [])
})

t.test('a notification that comes before Google lists the change is followed by another list soon', async (t) => {
  const { drive, clock, news, notifications, id, token } = await notified(t)
  notifications.receive(id, token)
  await clock.advance(3000)
  drive.edit('book')
  await clock.advance(10_000)
  t.strictSame(news(), ['book 2'])
})

t.test('wrong channels, wrong tokens and odd headers wake nobody', async (t) => {
  const { drive, clock, signals, notifications, id, token } = await notified(t)
  const { length } = drive.calls
  const flawed = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`
  for (const [channel, secret] of [
    [id, flawed],
    [id, ''],
    ['', token],
    ['other', token],
    [id, [token, token]],
    [undefined, token],
    [id, `${token}${'x'.repeat(300)}`],
    [`${id}\n${token}`, ''],
  ]) {
    notifications.receive(channel, secret)
    await clock.advance(1000)
  }
  t.equal((await signals.get(wakeKey('default'))).version, undefined)
  t.equal(drive.calls.length, length)
})

t.test('a flood costs one read and one write a second, and lists no more often than every two seconds', async (t) => {
  const { drive, clock, records, signals, notifications, id, token, log } = await notified(t)
  let reads = 0
  let writes = 0
  const get = records.get.bind(records)
  const put = signals.put.bind(signals)
  records.get = async (key) => {
    if (key === 'default-channels') reads += 1
    return get(key)
  }
  signals.put = async (key, value) => {
    if (key === wakeKey('default')) writes += 1
    return put(key, value)
  }
  const lists = drive.count('list account')
  for (let tenth = 0; tenth < 100; tenth++) {
    for (let n = 0; n < 200; n++) {
      notifications.receive(`wrong-${n}`, token)
      notifications.receive(id, `wrong-${n}`)
      notifications.receive(id, token)
    }
    await clock.advance(100)
  }
  t.ok(writes >= 5 && writes <= 12, `${writes} writes`)
  // Those beyond are of the watcher, which looks after its channel with each list.
  const listed = drive.count('list account') - lists
  t.ok(listed >= 4 && listed <= 6, `${listed} lists`)
  t.ok(reads <= 12 + listed, `${reads} reads`)
  t.strictSame(log.lines, [])
})

t.test('a storage that fails holds nobody up', async (t) => {
  const { drive, clock, news, signals, notifications, id, token, log } = await notified(t)
  signals.fault = new AppError('STORAGE_UNAVAILABLE', 'The storage is gone.')
  notifications.receive(id, token)
  await clock.advance(1500)
  t.match(log.lines, [/^debug a notification of a change could not be passed on/])
  signals.fault = undefined
  drive.edit('book')
  notifications.receive(id, token)
  await clock.advance(31_000)
  t.strictSame(news(), ['book 2'])
})
