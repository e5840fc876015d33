import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import type { Emulator } from '../../emulator/emulator.ts'
import { tabFromRows } from '../../emulator/workbook.ts'
import { type Changes, composeChanges } from '../../src/compose-changes.ts'
import type { SpreadsheetChange } from '../../src/schedules/change-poll.ts'
import { GoogleAccounts } from '../../src/sheets/google-accounts.ts'
import { GoogleCredentials } from '../../src/sheets/google-credentials.ts'
import { anApp } from '../support/app.ts'
import { aLog } from '../support/log-lines.ts'
import { MemoryKeyValueStore } from '../support/memory-key-value-store.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { aDatabaseUrl, isThere } from '../support/queue-servers.ts'
import { aPrefix, REDIS_URL, whyNoRedis } from '../support/redis.ts'
import { aDirectory, anEmulator } from '../support/service.ts'
import type { ChangeStorage } from './change-stores.ts'
import { fastClock } from './fast-clock.ts'
import type { PollingMessage, PollingOptions } from './polling-process.ts'

const tabs = [tabFromRows(0, 'One', [['a']])]
const workbooks = [
  { id: 'mine', title: 'Mine', tabs },
  { id: 'team', title: 'Team', tabs, driveId: 'drive-1' },
  { id: 'link', title: 'Link', tabs, isOpenByLink: true },
]
const edit = (emulator: Emulator, id: string) => emulator.setCell(id, 0, 0, 0, Math.random())

/** Changes that were told, for a test to wait for one. */
class Told {
  readonly changes: (SpreadsheetChange & { readonly heardAt: number })[] = []
  readonly #wakers = new Set<() => void>()

  add(change: SpreadsheetChange, heardAt: number): void {
    this.changes.push({ ...change, heardAt })
    const wakers = [...this.#wakers]
    this.#wakers.clear()
    for (const wake of wakers) wake()
  }

  /** Resolves to the change of a spreadsheet to a version, once it is told. */
  async of(spreadsheetId: string, version: string) {
    for (;;) {
      const found = this.changes.find((each) => each.spreadsheetId === spreadsheetId && each.version === version)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#wakers.add(resolve))
    }
  }
}

interface Setting {
  readonly factor?: number
  readonly intervalMs?: number
  readonly publicUrl?: string
  readonly apiKey?: string
}

/** The watcher and the HTTP side as they are composed, with an emulator; all end with the test. */
async function composed(t: Test, { factor = 20, intervalMs = 30_000, publicUrl, apiKey }: Setting = {}) {
  const clock = fastClock(factor)
  const told = new Told()
  const log = aLog()
  const [records, signals] = [new MemoryKeyValueStore(clock), new MemoryKeyValueStore(clock)]
  // The emulator must know where to send, and what takes it where the emulator is.
  let changes: Changes | undefined
  const receive = (...args: [unknown, unknown]) => changes?.notifications?.receive(...args)
  const { url } = await anApp(t, new MemoryStorage(), undefined, { notifications: { receive } })
  const emulator = await anEmulator(t, { workbooks, pushOrigin: url, now: () => clock.now().getTime() })
  const google = {
    rootUrl: emulator.rootUrl,
    apiKey,
    credentialFile: undefined,
    folder: undefined,
    readsPerMinute: 60,
    projectReadsPerMinute: 300,
  }
  const credentials = new GoogleCredentials({ ...google, clock })
  const accounts = new GoogleAccounts({ credentials, rootUrl: google.rootUrl, clock })
  changes = composeChanges({
    accounts: async () => accounts,
    config: {
      google,
      changes: { intervalMs, quietMs: 20_000, waitMaxMs: 120_000 },
      publicUrl,
      role: 'all',
    },
    records,
    signals,
    followed: async () => workbooks.map(({ id }) => ({ spreadsheetId: id, credential: 'default' })),
    onChanged: async (change) => told.add(change, clock.monotonic()),
    clock,
    log,
  })
  const { close } = changes
  t.teardown(close)
  changes.start()
  return { emulator, told, clock, log, url, changes }
}

t.test('by polling, an edit is told within a minute, on shared drives too; one by link within minutes', async (t) => {
  const { emulator, told, clock } = await composed(t)
  await Promise.all(workbooks.map(({ id }) => told.of(id, '1')))
  // The shared drive's list begins with the second poll.
  await clock.sleep(61_000)
  for (const [id, limit] of [
    ['mine', 60],
    ['team', 60],
    ['link', 330],
  ] as const) {
    const at = clock.monotonic()
    edit(emulator, id)
    const seconds = ((await told.of(id, '2')).heardAt - at) / 1000
    t.ok(seconds <= limit, `${id} after ${seconds.toFixed(1)} s`)
  }
  t.equal(told.changes.length, 6)
  t.equal(emulator.count('changes.watch'), 0)
})

t.test('by push, an edit is told within seconds, however long the interval', async (t) => {
  const setting = { factor: 5, intervalMs: 3_600_000, publicUrl: 'https://sheets.example/' }
  const { emulator, told, clock, log } = await composed(t, setting)
  await told.of('mine', '1')
  while (emulator.notifications[0]?.status !== 204) await clock.sleep(1000)
  for (const version of ['2', '3']) {
    const at = clock.monotonic()
    edit(emulator, 'mine')
    const seconds = ((await told.of('mine', version)).heardAt - at) / 1000
    // Twenty seconds of debounce come on top of it.
    t.ok(seconds <= 5, `after ${seconds.toFixed(1)} s`)
  }
  t.match(emulator.notifications, [{ state: 'sync' }, { state: 'change', status: 204 }])
  const secret = emulator.calls.find(({ kind }) => kind === 'changes.watch')
  t.ok(secret)
  t.notMatch(log.lines.join('\n'), /warn/)
})

t.test('by push, one that is lost waits for the poll, and one that is late comes late', async (t) => {
  const { emulator, told, clock } = await composed(t, { publicUrl: 'https://sheets.example' })
  await told.of('mine', '1')
  while (emulator.notifications[0]?.status !== 204) await clock.sleep(1000)
  emulator.fail({ on: { kind: 'notification' }, do: { kind: 'lost' } })
  const at = clock.monotonic()
  edit(emulator, 'mine')
  const seconds = ((await told.of('mine', '2')).heardAt - at) / 1000
  t.ok(seconds <= 60, `after ${seconds.toFixed(1)} s`)
  emulator.fail({ on: { kind: 'notification' }, do: { kind: 'slow', ms: 200 } })
  edit(emulator, 'mine')
  await told.of('mine', '3')
  t.equal(told.changes.filter(({ spreadsheetId }) => spreadsheetId === 'mine').length, 3)
})

t.test('a flood of wrong tokens brings no list forward, and leaves no line in the log', async (t) => {
  const setting = { intervalMs: 3_600_000, publicUrl: 'https://sheets.example' }
  const { emulator, told, log, url, clock } = await composed(t, setting)
  await Promise.all(workbooks.map(({ id }) => told.of(id, '1')))
  while (emulator.notifications[0]?.status !== 204) await clock.sleep(1000)
  const lists = emulator.count('changes.list')
  const lines = log.lines.length
  const notify = async (n: number) => {
    const headers = { 'x-goog-channel-id': emulator.channels[0] ?? '', 'x-goog-channel-token': `wrong-${n}` }
    return (await fetch(`${url}/google/notifications`, { method: 'POST', headers })).status
  }
  for (let round = 0; round < 20; round++) {
    const statuses = await Promise.all(Array.from({ length: 50 }, (_, n) => notify(round * 50 + n)))
    t.ok(statuses.every((status) => status === 204))
  }
  await clock.sleep(5000)
  t.equal(emulator.count('changes.list'), lists)
  t.equal(log.lines.length, lines)
})

t.test(
  'with a PUBLIC_URL of http there is no push, which is said once; with an API key nothing is asked',
  async (t) => {
    const plain = await composed(t, { publicUrl: 'http://sheets.example' })
    await plain.told.of('mine', '1')
    t.equal(plain.log.lines.filter((line) => /PUBLIC_URL is no https URL/.test(line)).length, 1)
    t.equal(plain.emulator.count('changes.watch'), 0)
    t.equal(plain.changes.notifications, undefined)
    const keyed = await composed(t, { apiKey: 'any', publicUrl: 'https://sheets.example' })
    await keyed.clock.sleep(61_000)
    t.equal(keyed.emulator.count(), 0)
    t.match(keyed.log.lines, [/^warn "onChange" of schedules has no effect.*every/])
  },
)

/** A process that polls as the service does. */
function aProcess(t: Test, options: PollingOptions) {
  const child = fork(`${import.meta.dirname}/polling-process.ts`, [JSON.stringify(options)], { stdio: 'inherit' })
  const heard: PollingMessage[] = []
  child.on('message', (message: PollingMessage) => void heard.push(message))
  t.teardown(() => end(child, 'SIGKILL'))
  const until = async (isIt: (message: PollingMessage) => boolean) => {
    while (!heard.some(isIt)) await once(child, 'message')
  }
  return {
    child,
    heard,
    polls: () => until((message) => 'polls' in message),
    tells: (version: string) => until((message) => 'version' in message && message.version === version),
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

/** Of two processes one polls; when it is killed, the other goes on from its token; when that stops, a third. */
async function testProcesses(t: Test, storage: ChangeStorage): Promise<void> {
  const emulator = await anEmulator(t, { workbooks })
  const options = { rootUrl: emulator.rootUrl, storage, ids: ['mine'], factor: 20 }
  const one = aProcess(t, options)
  await one.polls()
  const other = aProcess(t, options)
  await one.tells('1')
  edit(emulator, 'mine')
  await one.tells('2')
  await end(one.child, 'SIGKILL')
  edit(emulator, 'mine')
  await other.tells('3')
  t.strictSame(
    other.heard.filter((message) => 'version' in message).map(({ version }) => version),
    ['3'],
    'and nothing of what the first has told',
  )
  await end(other.child, 'SIGTERM')
  t.equal(other.child.exitCode, 0)
  edit(emulator, 'mine')
  const third = aProcess(t, options)
  await third.tells('4')
  t.equal(emulator.count('changes.getStartPageToken'), 1)
  await end(third.child, 'SIGTERM')
}

t.test('two processes on files: the other goes on from the stored token', async (t) =>
  testProcesses(t, { url: `file:${await aDirectory(t)}` }),
)

t.test('two processes on Redis: the other goes on from the stored token', { skip: await whyNoRedis() }, (t) =>
  testProcesses(t, { url: REDIS_URL, prefix: aPrefix(t) }),
)

const skip = !(await isThere('postgres')) && 'no PostgreSQL'
t.test('two processes on PostgreSQL: the other goes on from the stored token', { skip }, async (t) =>
  testProcesses(t, { url: await aDatabaseUrl(t) }),
)
