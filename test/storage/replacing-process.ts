import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { claimSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'

/** `node replacing-process.ts DIRECTORY OWNER`: tries to claim every sync there, and prints the ids of those it got. */
const [directory = '', owner = ''] = process.argv.slice(2)
const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
await storage.start()
const { syncs } = await storage.list({ pageSize: 1000 })
const claimed = await Promise.all(
  syncs.map(async (sync) => ((await storage.replace(claimSync(sync, owner, new Date()), 1)) ? [sync.id] : [])),
)
await storage.close()
process.stdout.write(JSON.stringify(claimed.flat()))
