import { mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aQueuedSync } from '../../test/support/syncs.ts'
import { print, quantile, timeEach } from './figures.ts'

/**
 * `node bench/storage/create.ts [directory]`: a durable create against the bare sequence that durability costs on this
 * disk (open, write, fsync, close, rename, fsync of the directory), both 16 at a time, taking turns.
 */
const CONCURRENCY = 16
const COUNT = 800
const ROUNDS = 5

const root = await mkdtemp(join(process.argv[2] ?? 'data', 'bench-'))
const storage = new FileStorage({ directory: join(root, 'status'), clock: systemClock, log: silentLog })
await storage.start()
const raw = join(root, 'raw')
await mkdir(raw)
const bytes = Buffer.from(`${JSON.stringify(aQueuedSync(), null, 2)}\n`)
let name = 0

async function bareSequence(): Promise<void> {
  const path = join(raw, `${name++}.json`)
  const file = await open(`${path}.tmp`, 'wx')
  await file.write(bytes)
  await file.sync()
  await file.close()
  await rename(`${path}.tmp`, path)
  const folder = await open(raw, 'r')
  await folder.sync()
  await folder.close()
}

for (let round = 1; round <= ROUNDS; round++) {
  const bare = await timeEach(COUNT, CONCURRENCY, bareSequence)
  const create = await timeEach(COUNT, CONCURRENCY, () => storage.create(aQueuedSync()))
  const ratio = quantile(create, 0.5) / quantile(bare, 0.5)
  print(
    `round ${round}: bare p50 ${quantile(bare, 0.5).toFixed(2)} ms, p99 ${quantile(bare, 0.99).toFixed(2)}; ` +
      `create p50 ${quantile(create, 0.5).toFixed(2)} ms, p99 ${quantile(create, 0.99).toFixed(2)}; ratio ${ratio.toFixed(2)}`,
  )
}
await storage.close()
await rm(root, { recursive: true })
