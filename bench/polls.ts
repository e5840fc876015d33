import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { newSyncId } from '../src/model/sync-id.ts'
import { silentLog } from '../src/ports/log.ts'
import { FileStorage } from '../src/storage/file-storage.ts'
import { systemClock } from '../src/system-clock.ts'
import { median, say, startPinned } from './measure.ts'
import { aRunningSync, fillDirectory } from './records.ts'

// Polls per second of GET /syncs/:id, 32 connections, one core for the server: the file driver beside an in-memory Map.
const ROUNDS = Number(process.env.ROUNDS ?? 5)
const SECONDS = Number(process.env.SECONDS ?? 3)
/** Finished syncs that lie in the same directory. */
const FILES = Number(process.env.FILES ?? 0)
/** Tabs of the spreadsheet whose sync is polled. */
const TABS = Number(process.env.TABS ?? 10)
const ALL = ['map', 'owner', 'foreign', 'naive', 'map-304', 'owner-304', 'bare304', 'redis', 'postgres'] as const
type Kind = (typeof ALL)[number]
/** `node bench/polls.ts owner redis` measures these; by default those that need no server. */
const asked = process.argv.slice(2)
const KINDS: readonly Kind[] = ALL.filter((kind) =>
  asked.length > 0 ? asked.includes(kind) : kind !== 'redis' && kind !== 'postgres',
)
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

const rate = (kind: Kind) => median(rates.get(kind) ?? [])
const compare = (what: string, kind: Kind, other: Kind, wanted = '') => {
  if (!KINDS.includes(kind) || !KINDS.includes(other)) return
  say(`  ${what.padEnd(21)}${(rate(kind) / rate(other)).toFixed(2)}   ${wanted}`)
}
say(
  `polls per second, 32 connections, medians of ${ROUNDS} rounds of ${SECONDS} s, ${FILES} other files, a sync of ${TABS} tabs`,
)
for (const kind of KINDS) say(`  ${kind.padEnd(10)} ${Math.round(rate(kind))}`)
say('ratios')
compare('owner / map', 'owner', 'map', '(wanted ≥ 0.90)')
compare('other process / map', 'foreign', 'map', '(wanted ≥ 0.70)')
compare('owner / read + parse', 'owner', 'naive', '(wanted ≥ 4)')
compare("304 / map's 304", 'owner-304', 'map-304')
compare('304 / bare 304', 'owner-304', 'bare304', '(wanted ≥ 0.90)')
compare('redis / owner', 'redis', 'owner')
compare('postgres / owner', 'postgres', 'owner')
