import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { Sync } from '../../src/model/sync.ts'
import { parseSyncRecord } from '../../src/model/sync-record.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aQueuedSync } from '../../test/support/syncs.ts'
import { nanosecondsPerCall, print, quantile, timeEach } from './figures.ts'

/** `node bench/storage/read.ts [directory]`: what one read costs, by each way. */
const directory = await mkdtemp(join(process.argv[2] ?? 'data', 'bench-'))
const [storage, foreign] = [0, 1].map(() => new FileStorage({ directory, clock: systemClock, log: silentLog }))
if (storage === undefined || foreign === undefined) throw new Error('no storage')
await storage.start()
await foreign.start()
const sync = aQueuedSync()
await storage.create(sync)
await foreign.get(sync.id)
const map = new Map<string, Sync>([[sync.id, sync]])

print(`Map.get                                     ${nanosecondsPerCall(1e6, () => map.get(sync.id)).toFixed(0)} ns`)
print(
  `peek, again after the same poll for events  ${nanosecondsPerCall(1e6, () => storage.peek(sync.id)).toFixed(0)} ns`,
)
for (const [name, instance] of [
  ['owner', storage],
  ['another process', foreign],
] as const) {
  const times = await timeEach(20_000, 1, async () => {
    // A poll for events in between, so that the file is looked at each time.
    await turn()
    instance.peek(sync.id)
  })
  const without = await timeEach(20_000, 1, async () => {
    await turn()
    map.get(sync.id)
  })
  const ns = (quantile(times, 0.5) - quantile(without, 0.5)) * 1e6
  print(`peek by ${name.padEnd(16)} that looks at the file ${ns.toFixed(0)} ns`)
}

let current: Sync = sync
const fresh = await timeEach(2000, 1, async () => {
  const next: Sync = { ...current, revision: current.revision + 1 }
  await storage.replace(next, current.revision, { durable: false })
  current = next
})
print(`replace, not durable                        p50 ${(quantile(fresh, 0.5) * 1000).toFixed(0)} us`)
const reread = await timeEach(2000, 1, async () => {
  const next: Sync = { ...current, revision: current.revision + 1 }
  await storage.replace(next, current.revision, { durable: false })
  current = next
  await foreign.get(sync.id)
})
print(`   and read by another process              p50 ${(quantile(reread, 0.5) * 1000).toFixed(0)} us`)
const path = join(directory, `${sync.id}.json`)
const naive = await timeEach(2000, 1, async () => {
  parseSyncRecord(sync.id, await readFile(path, 'utf8'))
})
print(`read, parse and check the file              p50 ${(quantile(naive, 0.5) * 1000).toFixed(0)} us`)
await storage.close()
await foreign.close()
await rm(directory, { recursive: true })
