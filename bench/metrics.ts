import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { newSyncId } from '../src/model/sync-id.ts'
import { silentLog } from '../src/ports/log.ts'
import { FileStorage } from '../src/storage/file-storage.ts'
import { systemClock } from '../src/system-clock.ts'
import { median, say, startPinned } from './measure.ts'
import { aRunningSync } from './records.ts'

// What counting costs a poll: CPU time of the server for each GET /syncs/:id, with and without metrics, in turns, so that
// what else the machine does falls on both. Linux only, as it reads /proc.
const ROUNDS = Number(process.env.ROUNDS ?? 15)
const POLLS = Number(process.env.POLLS ?? 40_000)
const script = fileURLToPath(new URL('poll-server.ts', import.meta.url))

const directory = await mkdtemp(`${tmpdir()}/sheetsync-bench-`)
const ratios = { 200: [] as number[], 304: [] as number[] }
try {
  for (let round = 0; round < ROUNDS; round++) {
    const plain = await aServer('owner')
    const counted = await aServer('counted')
    for (const status of [200, 304] as const) {
      const order = round % 2 === 0 ? [plain, counted] : [counted, plain]
      for (const server of order) await server.micros(status, POLLS / 4)
      for (const server of order) server.cost = await server.micros(status, POLLS)
      ratios[status].push(counted.cost / plain.cost)
      say(`round ${round} ${status}: ${plain.cost.toFixed(1)} µs plain, ${counted.cost.toFixed(1)} µs counted`)
    }
    await Promise.all([plain.stop(), counted.stop()])
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}
for (const [status, list] of Object.entries(ratios)) {
  say(`counted / plain, ${status}: ${median(list).toFixed(3)}, median of ${list.length} rounds   (wanted ≤ 1.03)`)
}

async function aServer(kind: 'owner' | 'counted') {
  const id = newSyncId()
  const writer = new FileStorage({ directory, clock: systemClock, log: silentLog })
  await writer.start()
  await writer.create(aRunningSync(id))
  await writer.close()
  const { child, firstLine, stop } = await startPinned(script, [kind, directory, id])
  const url = `${firstLine}/syncs/${id}`
  const etag = (await fetch(url)).headers.get('etag') ?? ''
  return {
    stop,
    cost: 0,
    /** Microseconds of CPU time for one poll, of so many. */
    async micros(status: 200 | 304, polls: number) {
      const begun = await cpuMicros(child.pid)
      await autocannon({ url, connections: 8, amount: polls, headers: status === 304 ? { 'if-none-match': etag } : {} })
      return ((await cpuMicros(child.pid)) - begun) / polls
    },
  }
}

async function cpuMicros(pid: number | undefined): Promise<number> {
  return Number((await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ')[0]) / 1000
}
