import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import pMap from 'p-map'
import type { Sync } from '../../src/model/sync.ts'
import { ACTIVE_STATES } from '../../src/model/sync.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { cancelSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aQueuedSync } from '../../test/support/syncs.ts'
import { longestHold, print } from './figures.ts'

/** `node bench/storage/many.ts [directory] [count]`: lists and sweeps over a directory with many old records. */
const COUNT = Number(process.argv[3] ?? 100_000)
const NOW = new Date('2026-01-01T00:00:00.000Z')
const directory = await mkdtemp(join(process.argv[2] ?? 'data', 'bench-'))
const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
await storage.start()

const syncs: Sync[] = []
for (let n = 0; n < COUNT; n++) {
  const sync = aQueuedSync({ spreadsheet: `spreadsheet-${n % 1000}` })
  syncs.push(n % 1000 === 0 ? sync : cancelSync(sync, NOW, n % 2 === 0 ? 1000 : 86_400_000))
}
async function store(sync: Sync): Promise<void> {
  const path = join(directory, `${sync.id}.json`)
  await writeFile(path, `${JSON.stringify(sync, null, 2)}\n`)
  // As the storage would: the microseconds tell the revision.
  await utimes(path, 1, 1 + (sync.revision + 0.5) / 1e6)
}
await pMap(syncs, store, { concurrency: 16 })
syncs.length = 0
globalThis.gc?.()

async function measure(what: string, task: () => Promise<string>): Promise<void> {
  const began = performance.now()
  let result = ''
  const held = await longestHold(async () => {
    result = await task()
  })
  const elapsed = performance.now() - began
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  print(
    `${what.padEnd(48)} ${elapsed.toFixed(1).padStart(9)} ms, event loop held ${held.toFixed(1)} ms, ` +
      `heap ${(heapUsed / 2 ** 20).toFixed(0)} MB, rss ${(rss / 2 ** 20).toFixed(0)} MB  ${result}`,
  )
}
const list = async (query: Parameters<FileStorage['list']>[0]) => `${(await storage.list(query)).syncs.length} syncs`

await measure('nothing', async () => '')
await measure('first list (looks through the directory)', () => list({ states: ACTIVE_STATES, pageSize: 1000 }))
await measure('active', () => list({ states: ACTIVE_STATES, pageSize: 1000 }))
await measure('active of one spreadsheet', () =>
  list({ states: ACTIVE_STATES, spreadsheetId: 'spreadsheet-0', pageSize: 50 }),
)
await measure('50 newest', () => list({ pageSize: 50 }))
await measure('50 newest of one spreadsheet', () => list({ spreadsheetId: 'spreadsheet-7', pageSize: 50 }))
await measure('50 newest of one spreadsheet, again', () => list({ spreadsheetId: 'spreadsheet-7', pageSize: 50 }))
await measure('failed ones (there are none)', () => list({ states: ['failed'], pageSize: 50 }))
await measure('one second of a search that finds nothing', async () => {
  const until = performance.now() + 1000
  let pieces = 0
  for (let pageToken: string | undefined; performance.now() < until; pieces++) {
    const page = await storage.list({ text: 'nowhere', pageSize: 50, maxBytes: 128 * 1024, pageToken })
    pageToken = page.nextPageToken
    if (pageToken === undefined) break
  }
  return `${pieces} pieces of 128 kB`
})
await measure('create', async () => {
  await storage.create(aQueuedSync())
  return ''
})
await measure('active, after a create', () => list({ states: ACTIVE_STATES, pageSize: 1000 }))
await measure('sweep that finds nothing to do', async () => JSON.stringify(await storage.cleanup(new Date(0))))
await measure('sweep that removes half', async () => {
  const { removed } = await storage.cleanup(new Date(NOW.getTime() + 2000))
  return `${removed.length} removed`
})
await measure('sweep after it', async () => JSON.stringify(await storage.cleanup(new Date(0))))
await storage.close()
await rm(directory, { recursive: true })
