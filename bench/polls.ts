import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { systemClock } from '../src/clock.ts'
import { silentLog } from '../src/log.ts'
import { FileStorage } from '../src/storage/file-storage.ts'
import { newSyncId } from '../src/syncs/sync-id.ts'
import { median, say, startPinned } from './measure.ts'
import { aRunningSync, fillDirectory } from './records.ts'

// Polls per second of GET /syncs/:id, 32 connections, one core for the server: the file driver beside an in-memory Map.
const ROUNDS = Number(process.env.ROUNDS ?? 5)
const SECONDS = Number(process.env.SECONDS ?? 3)
/** Finished syncs that lie in the same directory. */
const FILES = Number(process.env.FILES ?? 0)
/** Tabs of the spreadsheet whose sync is polled. */
const TABS = Number(process.env.TABS ?? 10)
const KINDS = ['map', 'owner', 'foreign', 'naive', 'map-304', 'owner-304', 'bare304'] as const
const script = fileURLToPath(new URL('poll-server.ts', import.meta.url))

const directory = await mkdtemp(`${tmpdir()}/sheetsync-bench-`)
const rates = new Map<string, number[]>(KINDS.map((kind) => [kind, []]))
try {
  await fillDirectory(directory, FILES)
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of KINDS) {
      const id = newSyncId()
      // Written as another process of the service would: this one.
      const writer = new FileStorage({ directory, clock: systemClock, log: silentLog })
      await writer.start()
      await writer.create(aRunningSync(id, TABS))
      await writer.close()
      const server = await startPinned(script, [kind.replace('-304', ''), directory, id])
      const url = `${server.firstLine}/syncs/${id}`
      const etag = (await fetch(url)).headers.get('etag') ?? ''
      const headers = kind.endsWith('304') ? { 'if-none-match': etag } : {}
      await autocannon({ url, connections: 32, duration: 1, headers })
      const result = await autocannon({ url, connections: 32, duration: SECONDS, headers })
      rates.get(kind)?.push(result.requests.average)
      await server.stop()
    }
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}

const rate = (kind: (typeof KINDS)[number]) => median(rates.get(kind) ?? [])
say(
  `polls per second, 32 connections, medians of ${ROUNDS} rounds of ${SECONDS} s, ${FILES} other files, a sync of ${TABS} tabs`,
)
for (const kind of KINDS) say(`  ${kind.padEnd(10)} ${Math.round(rate(kind))}`)
say('ratios')
say(`  owner / map          ${(rate('owner') / rate('map')).toFixed(2)}   (wanted ≥ 0.90)`)
say(`  other process / map  ${(rate('foreign') / rate('map')).toFixed(2)}   (wanted ≥ 0.70)`)
say(`  owner / read + parse ${(rate('owner') / rate('naive')).toFixed(2)}   (wanted ≥ 4)`)
say(`  304 / map's 304      ${(rate('owner-304') / rate('map-304')).toFixed(2)}`)
say(`  304 / bare 304       ${(rate('owner-304') / rate('bare304')).toFixed(2)}   (wanted ≥ 0.90)`)
