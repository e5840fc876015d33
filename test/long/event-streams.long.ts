import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { ActiveSync, SyncTab } from '../../src/model/sync.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { cancelSync, claimSync, reportSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { openEvents } from '../support/event-client.ts'
import { FileLeases } from '../support/key-value-stores.ts'
import { aDirectory, aServiceProcess, environmentFor } from '../support/service.ts'
import { aQueuedSync } from '../support/syncs.ts'

const CLIENTS = 2000
const SYNCS = 50
const CHANGE_SECONDS = 30
const BEAT_MS = 2000
/** Between two changes: until the buffers are full, and while the stalled one waits to be dropped. */
const [FILLING_MS, WAITING_MS] = [500, 2500]
/** Changes of the large sync that no buffers between the two processes can hold. */
const FILLING_CHANGES = 24
/** Seconds after which a stalled reader is certainly dropped. */
const DROP_SECONDS = 25

t.test(
  `${CLIENTS} event streams on one process: every one sees the end of its sync, and one that stalls is dropped`,
  { timeout: 240_000 },
  async (t) => {
    const directory = await aDirectory(t)
    const service = await aServiceProcess(t, {
      ...environmentFor(directory),
      MAX_STREAMS_PER_KEY: '5000',
      MAX_CONNECTIONS: '10000',
    })
    // This process is the owner of the syncs, as another instance would be: the service notices what it writes.
    const worker = await aWorker(t, `${directory}/sync-status`)
    const syncs = await Promise.all(Array.from({ length: SYNCS }, () => worker.begin()))
    // Events of half a megabyte, so that a reader who takes none soon has all that is buffered for it.
    const large = await worker.begin(2000)

    const before = await memoryOf(service.process.pid)
    const clients = spawn(
      process.execPath,
      [
        fileURLToPath(new URL('../support/event-clients.ts', import.meta.url)),
        service.url,
        String(CLIENTS),
        ...syncs.map(({ id }) => id),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    t.teardown(() => clients.kill('SIGKILL'))
    const lines = createInterface({ input: clients.stdout })[Symbol.asyncIterator]()
    t.equal((await lines.next()).value, 'open')
    await delay(2000)
    const open = await memoryOf(service.process.pid)
    t.comment(
      `memory of the service: ${megabytes(before)} MB before, ${megabytes(open)} MB with ${CLIENTS} streams: ${((open - before) / CLIENTS / 1024).toFixed(1)} kB a stream`,
    )

    const stalled = await openEvents(service.url, large.id)
    const beside = (await openEvents(service.url, large.id)).read()
    let end = performance.now() + CHANGE_SECONDS * 1000
    let peak = 0
    let changes = 0
    while (performance.now() < end || changes <= FILLING_CHANGES) {
      // A machine that is slow with them has the stalled one wait as long after its buffers are full.
      if (changes === FILLING_CHANGES) end = Math.max(end, performance.now() + DROP_SECONDS * 1000)
      const started = performance.now()
      await Promise.all([...syncs, large].map((sync) => worker.change(sync.id)))
      changes++
      peak = Math.max(peak, await memoryOf(service.process.pid))
      await delay(Math.max(0, (changes < FILLING_CHANGES ? FILLING_MS : WAITING_MS) - (performance.now() - started)))
    }
    await Promise.all([...syncs, large].map((sync) => worker.finish(sync.id)))
    const summary = JSON.parse((await lines.next()).value ?? '') as { streams: number; ended: number }
    t.comment(`${changes} changes of each sync; at most ${megabytes(peak)} MB; ${JSON.stringify(summary)}`)
    t.match(summary, { streams: CLIENTS, ended: CLIENTS })

    t.equal(await beside.ended, true, 'the stream beside the stalled one is whole')
    t.match(JSON.parse(beside.events.at(-1)?.data ?? ''), { state: 'cancelled' })
    stalled.read()
    t.equal(await stalled.ended, false, 'the stalled one was dropped')
    const resumed = (await openEvents(service.url, large.id, { lastEventId: stalled.lastEventId })).read()
    t.equal(await resumed.ended, true)
    t.match(JSON.parse(resumed.events[0]?.data ?? ''), { state: 'cancelled' }, 'and resumes with the end')
    t.equal(await service.end('SIGTERM'), 0)
  },
)

/** Runs syncs without downloading anything: keeps their leases alive and changes them when told. */
async function aWorker(t: Parameters<typeof aDirectory>[0], directory: string) {
  const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
  const leases = new FileLeases({ directory, clock: systemClock })
  await storage.start()
  await leases.start()
  const syncs = new Map<string, ActiveSync>()
  const beating = setInterval(() => {
    for (const { id, lease } of syncs.values()) void leases.renew(id, lease.epoch)
  }, BEAT_MS)
  t.teardown(async () => {
    clearInterval(beating)
    await storage.close()
  })
  const current = (id: string) => {
    const sync = syncs.get(id)
    if (sync === undefined) throw new Error(`nothing is known of ${id}`)
    return sync
  }
  return {
    async begin(tabs = 0): Promise<ActiveSync> {
      const queued = aQueuedSync({}, new Date())
      const running = reportSync(claimSync(queued, 'the test', new Date()), { tabs: someTabs(tabs) }, new Date())
      await leases.renew(running.id, running.lease.epoch)
      await storage.create({ ...running, revision: 1 })
      const stored = { ...running, revision: 1 }
      syncs.set(stored.id, stored)
      return stored
    },
    async change(id: string): Promise<void> {
      const sync = current(id)
      const next = reportSync(sync, { progress: { rowsDone: sync.progress.rowsDone + 1 } }, new Date())
      await storage.replace(next, sync.revision, { durable: false })
      syncs.set(id, next)
    },
    async finish(id: string): Promise<void> {
      const sync = current(id)
      await storage.replace(cancelSync(sync, new Date(), 300_000), sync.revision)
      syncs.delete(id)
      await leases.release(id, sync.lease.epoch)
    },
  }
}

function someTabs(count: number): SyncTab[] {
  return Array.from({ length: count }, (_, gid) => ({
    gid,
    title: `A tab with a title of some length, number ${gid}`,
    range: null,
    state: 'waiting' as const,
    rows: 0,
    columns: 0,
    files: [],
  }))
}

/** Bytes of memory that a process holds (proc(5), VmRSS). */
async function memoryOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0)
}
