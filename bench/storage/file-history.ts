import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FinishedSync } from '../../src/model/sync.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { SyncQuery } from '../../src/ports/sync-storage.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { FileHistory } from '../../src/storage/files/file-history.ts'
import { cancelSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aQueuedSync } from '../../test/support/syncs.ts'
import { print, quantile } from './figures.ts'

/** `node bench/storage/file-history.ts [count] [days]`: a long history in files, asked by id and page by page. */
const COUNT = Number(process.argv[2] ?? 1_000_000)
const DAYS = Number(process.argv[3] ?? 30)
const ROUNDS = 1000
/** Milliseconds that an unknown id may take at the 99th percentile. */
const LIMIT_MS = 5
const DAY_MS = 86_400_000
const BATCH = 1000

const root = await mkdtemp(join(tmpdir(), 'sheetsync-history-'))
const directory = join(root, 'sync-history')
const limits = { ttlMs: 365 * DAY_MS, maxBytes: 1e12 }
const today = Math.floor(Date.now() / DAY_MS) * DAY_MS
const known: string[] = []

try {
  await fill()
  const storage = new FileStorage({
    directory: join(root, 'sync-status'),
    clock: systemClock,
    log: silentLog,
    history: { directory, ...limits },
  })
  await storage.start()
  const before = process.memoryUsage().rss
  await measure('an unknown id of any day', () => storage.get(idAt(Math.random() * DAYS, 0xffffff)))
  await measure('an unknown id of now', () => storage.get(newSyncId()))
  await measure('a known id', () => storage.get(known[Math.floor(Math.random() * known.length)] ?? ''))
  const live = aQueuedSync()
  await storage.create(live)
  await measure('peek of a live sync', async () => storage.peek(live.id))
  const queries: Record<string, Omit<SyncQuery, 'pageSize'>> = {
    'the first page': {},
    'failed (none)': { states: ['failed'] },
    'a spreadsheet with 1 of 1000': { spreadsheetId: 'sheet-501' },
    'a spreadsheet that is unknown': { spreadsheetId: 'unknown' },
    'a key with half, an unknown spreadsheet': { createdBy: 'even', spreadsheetId: 'unknown' },
  }
  for (const [what, query] of Object.entries(queries)) {
    await measure(`list: ${what}`, () => storage.list({ ...query, pageSize: 50 }), 10)
  }
  let pageToken: string | undefined
  await measure(
    'a piece of a search that finds nothing',
    async () => {
      const page = await storage.list({ text: 'nowhere', pageSize: 50, maxBytes: 128 * 1024, pageToken })
      pageToken = page.nextPageToken
    },
    100,
  )
  print(`memory: ${((process.memoryUsage().rss - before) / 1e6).toFixed(0)} MB more than before the first question`)
  await storage.close()
} finally {
  await rm(root, { recursive: true })
}

async function fill(): Promise<void> {
  const began = process.cpuUsage()
  const history = new FileHistory({ directory, clock: systemClock, log: silentLog }, limits)
  const pattern = cancelSync(aQueuedSync({ labels: { team: 'finance' } }), new Date(today), 300_000)
  for (let day = DAYS - 1; day >= 0; day--) {
    const perDay = Math.ceil(COUNT / DAYS)
    for (let at = 0; at < perDay; at += BATCH) {
      const batch = new Map<string, FinishedSync>()
      for (let n = at; n < Math.min(perDay, at + BATCH); n++) {
        const id = idAt(day + 1 - (n + 1) / perDay, n)
        const spreadsheet = { ...pattern.spreadsheet, id: `sheet-${n % 1000}` }
        batch.set(id, { ...pattern, id, spreadsheet, createdBy: n % 2 === 0 ? 'even' : 'odd' })
        if (n % 100 === 0) known.push(id)
      }
      await history.move([...batch.keys()], new Date(today), {
        read: async (id) => batch.get(id),
        remove: async () => true,
      })
    }
    await history.tidy(new Date(today - (day - 1) * DAY_MS))
  }
  await history.tidy(new Date(today))
  const { user, system } = process.cpuUsage(began)
  const names = await readdir(directory)
  const bytesOf = async (suffix: string) => {
    const sizes = await Promise.all(
      names.filter((name) => name.endsWith(suffix)).map((name) => stat(join(directory, name))),
    )
    return (sizes.reduce((sum, { size }) => sum + size, 0) / 1e6).toFixed(0)
  }
  print(
    `${COUNT} syncs over ${DAYS} days, ${(((user + system) / 1e6 / COUNT) * 1e6).toFixed(0)} µs of CPU each: ` +
      `lines ${await bytesOf('.ndjson')} MB, packed ${await bytesOf('.gz')} MB, indexes ${await bytesOf('.index')} MB`,
  )
}

/** So many days before the end of today. */
function idAt(daysAgo: number, n: number): string {
  const hex = Math.floor(today + DAY_MS - 1 - daysAgo * DAY_MS)
    .toString(16)
    .padStart(12, '0')
  return `sync-${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${n.toString(16).padStart(12, '0')}`
}

async function measure(what: string, ask: () => Promise<unknown>, rounds = ROUNDS): Promise<void> {
  const times: number[] = []
  const began = process.cpuUsage()
  for (let round = 0; round < rounds; round++) {
    const asked = performance.now()
    await ask()
    times.push(performance.now() - asked)
  }
  const { user, system } = process.cpuUsage(began)
  const first = times[0] ?? 0
  times.sort((one, other) => one - other)
  const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)]
  const cpu = (user + system) / 1000 / rounds
  print(
    `${what.padEnd(48)} first ${first.toFixed(2)} ms, p50 ${p50.toFixed(3)} ms, p99 ${p99.toFixed(3)} ms, CPU ${cpu.toFixed(3)} ms`,
  )
  if (what.startsWith('an unknown id') && p99 > LIMIT_MS) process.exitCode = 1
}
