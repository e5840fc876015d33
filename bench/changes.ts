import { silentLog } from '../src/ports/log.ts'
import { ChangeNotifications } from '../src/schedules/change-notifications.ts'
import { ChangeWatcher } from '../src/schedules/change-watcher.ts'
import { FakeDrive } from '../test/schedules/fake-drive.ts'
import { fastClock } from '../test/schedules/fast-clock.ts'
import { MemoryKeyValueStore } from '../test/support/memory-key-value-store.ts'

// What it costs to watch 10,000 spreadsheets that nobody edits, and what a notification costs. CPU time, not the clock's.

const FILES = 10_000
/** Time passes so many times as fast; of what is measured the timers alone are more than in earnest. */
const FACTOR = 60
const MEASURED_MS = 3_600_000

const clock = fastClock(FACTOR)
const drive = new FakeDrive(clock)
const ids = Array.from({ length: FILES }, (_, n) => ({ spreadsheetId: `book-${n}` }))
for (const { spreadsheetId } of ids) drive.add(spreadsheetId)
const [records, signals] = [new MemoryKeyValueStore(clock), new MemoryKeyValueStore(clock)]
let told = 0
globalThis.gc?.()
const before = process.memoryUsage().heapUsed
const watcher = new ChangeWatcher({
  credential: 'default',
  feed: drive,
  records,
  signals,
  watched: async () => ids,
  onChanged: async () => void told++,
  intervalMs: 30_000,
  quietMs: 20_000,
  notifyAt: 'https://sheets.example/google/notifications',
  clock,
  log: silentLog,
})
watcher.start()
while (told < FILES) await clock.sleep(1000)
globalThis.gc?.()
const megabytes = (process.memoryUsage().heapUsed - before) / 1e6
const calls = drive.calls.length
const cpu = process.cpuUsage()
await clock.sleep(MEASURED_MS)
const { user, system } = process.cpuUsage(cpu)
const perSecond = (user + system) / 1000 / (MEASURED_MS / 1000)
process.stdout.write(
  `${FILES} spreadsheets at rest: ${perSecond.toFixed(3)} ms of CPU a second (${(perSecond / 10).toFixed(3)} % of one core), ` +
    `${((drive.calls.length - calls) / (MEASURED_MS / 60_000)).toFixed(2)} calls to Google a minute, ` +
    `${megabytes.toFixed(1)} MB of heap with the store of this bench, which is in memory\n`,
)

const notifications = new ChangeNotifications({
  credentials: async () => ['default'],
  records,
  signals,
  clock,
  log: silentLog,
})
const [channel] = drive.channels.values()
for (const [name, token] of [
  ['right', channel?.token],
  ['wrong', 'x'.repeat(43)],
] as const) {
  const start = process.cpuUsage()
  for (let n = 0; n < 200_000; n++) notifications.receive(channel?.id, token)
  const used = process.cpuUsage(start)
  process.stdout.write(
    `a notification with the ${name} token: ${((used.user + used.system) / 200_000).toFixed(2)} µs of CPU\n`,
  )
}
await notifications.close()
await watcher.close()
