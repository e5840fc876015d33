import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { BullMqRunner } from '../../src/jobs/bullmq-runner.ts'
import type { Sync } from '../../src/model/sync.ts'
import type { SyncJob } from '../../src/ports/job-runner.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { systemClock } from '../../src/system-clock.ts'
import { RemoteLeases } from '../jobs/bullmq/remote-leases.ts'
import { ended, HeldJob, RESULT } from '../jobs/conformance.ts'
import { anOwnServer, type OwnServer } from '../support/own-servers.ts'
import { isThere, type ServerKind } from '../support/queue-servers.ts'
import { aDirectory } from '../support/service.ts'
import { aQueuedSync } from '../support/syncs.ts'

const WORKER = fileURLToPath(new URL('../jobs/bullmq/worker.ts', import.meta.url))
const NAMESPACE = 'faults'

interface World {
  readonly server: OwnServer
  readonly directory: string
  readonly storage: FileStorage
  runner(job: SyncJob, concurrency?: number): Promise<BullMqRunner>
  recorded(): Promise<Sync>
}

async function aWorld(t: Test, kind: ServerKind): Promise<World> {
  const server = await anOwnServer(t, kind)
  const directory = await aDirectory(t)
  const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
  await storage.start()
  t.teardown(() => storage.close())
  return {
    server,
    directory,
    storage,
    async runner(job, concurrency = 4) {
      const runner = new BullMqRunner({
        url: server.url,
        namespace: NAMESPACE,
        storage,
        leases: new RemoteLeases({ directory, clock: systemClock }),
        job,
        clock: systemClock,
        log: silentLog,
        concurrency,
        statusTtlMs: 60_000,
        deadlineMs: 600_000,
      })
      t.teardown(() => runner.close())
      await runner.start()
      return runner
    },
    async recorded() {
      const sync = aQueuedSync({}, new Date())
      await storage.create(sync)
      return sync
    },
  }
}

/** A job that is done at once, and remembers what it did. */
function aQuickJob(): { readonly done: string[]; readonly run: SyncJob } {
  const done: string[] = []
  return {
    done,
    run: async (sync) => {
      done.push(sync.id)
      return RESULT
    },
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await work()
  return (performance.now() - before) / 1000
}

t.jobs = 2
t.setTimeout(300_000)
for (const kind of ['redis', 'postgres'] as const) {
  const skip = (await isThere(kind)) ? false : `no ${kind} here`
  t.test(`BullMqRunner when ${kind} or a worker fails`, { skip, buffered: true }, async (t) => {
    t.test('what a killed worker ran is resumed by another within 60 s, under the next epoch, once', async (t) => {
      const { server, directory, storage, runner, recorded } = await aWorld(t, kind)
      const syncs = [await recorded(), await recorded()]
      const child = aWorkerProcess(t, [server.url, NAMESPACE, directory, 'in the job'])
      const begun = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      const ids = [(await begun.next()).value, (await begun.next()).value]
      t.same(ids.sort(), syncs.map(({ id }) => id).sort())
      const job = aQuickJob()
      await runner(job.run)
      child.kill('SIGKILL')
      const seconds = await secondsOf(async () => {
        for (const { id } of syncs)
          t.match(await ended(storage, id), { state: 'succeeded', attempt: 2, lease: { epoch: 2 } })
      })
      t.ok(seconds < 60, `resumed after ${seconds.toFixed(1)} s`)
      t.same(job.done.sort(), syncs.map(({ id }) => id).sort())
    })

    t.test('what a killed worker had only heard of is given to another within 20 s', async (t) => {
      const { server, directory, storage, runner, recorded } = await aWorld(t, kind)
      const child = aWorkerProcess(t, [server.url, NAMESPACE, directory, 'before the claim'])
      const heard = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      const api = await runner(() => Promise.reject(new Error('an API runs nothing')), 0)
      const sync = await recorded()
      await api.enqueue(sync.id)
      t.equal((await heard.next()).value, sync.id)
      await runner(aQuickJob().run)
      child.kill('SIGKILL')
      const seconds = await secondsOf(async () =>
        t.match(await ended(storage, sync.id), { state: 'succeeded', attempt: 1 }),
      )
      t.ok(seconds < 20, `run after ${seconds.toFixed(1)} s`)
    })

    t.test('what a worker has heard of and does nothing about is run by another that scans', async (t) => {
      const { server, directory, storage, runner, recorded } = await aWorld(t, kind)
      const child = aWorkerProcess(t, [server.url, NAMESPACE, directory, 'before the claim'])
      const heard = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      const api = await runner(() => Promise.reject(new Error('an API runs nothing')), 0)
      const sync = await recorded()
      await api.enqueue(sync.id)
      t.equal((await heard.next()).value, sync.id)
      await runner(aQuickJob().run)
      const seconds = await secondsOf(() => ended(storage, sync.id))
      t.ok(seconds < 10, `run after ${seconds.toFixed(1)} s`)
    })

    t.test('a server that is stopped and started again loses nothing, and nobody waits for it', async (t) => {
      const { server, storage, runner, recorded } = await aWorld(t, kind)
      const held = new HeldJob()
      const first = await runner(held.run)
      const running = await recorded()
      await first.enqueue(running.id)
      await held.starts(1)
      await server.stop()
      const meanwhile = [await recorded(), await recorded()]
      const waited = await secondsOf(() => Promise.all(meanwhile.map(({ id }) => first.enqueue(id))))
      t.ok(waited < 2.5, `the queue was waited for ${waited.toFixed(1)} s`)
      held.end()
      t.match(await ended(storage, running.id), { state: 'succeeded', lease: { epoch: 1 } }, 'it needs no queue to end')
      await server.start()
      const seconds = await secondsOf(async () => {
        for (const { id } of meanwhile) t.match(await ended(storage, id), { state: 'succeeded', attempt: 1 })
      })
      t.ok(seconds < 12, `run ${seconds.toFixed(1)} s after the server was back`)
      t.equal(held.started.length, 3)
    })

    t.test('a server that hangs holds up neither a request nor a stop', async (t) => {
      const { server, storage, runner, recorded } = await aWorld(t, kind)
      const held = new HeldJob()
      const leaving = await runner(held.run)
      const staying = await runner(held.run, 1)
      const running = await recorded()
      await leaving.enqueue(running.id)
      await held.starts(1)
      await server.hang()
      const late = await recorded()
      const waited = await secondsOf(() => leaving.enqueue(late.id))
      t.ok(waited < 2.5, `the queue was waited for ${waited.toFixed(1)} s`)
      const closed = await secondsOf(() => Promise.all([leaving.close(), held.starts(1)]))
      t.ok(closed < 10, `closed within ${closed.toFixed(1)} s`)
      await delay(4000)
      await server.resume()
      held.end()
      for (const { id } of [running, late]) t.match(await ended(storage, id), { state: 'succeeded' })
      await staying.close()
    })

    t.test('a worker that starts before its server is there begins when it is', async (t) => {
      const { server, storage, runner, recorded } = await aWorld(t, kind)
      await server.stop()
      const job = aQuickJob()
      const early = await runner(job.run)
      const sync = await recorded()
      await early.enqueue(sync.id)
      await server.start()
      const seconds = await secondsOf(() => ended(storage, sync.id))
      t.ok(seconds < 10, `run ${seconds.toFixed(1)} s after the server was there`)
    })

    t.test('a worker whose server was never there stops when it is asked to', async (t) => {
      const { server, runner } = await aWorld(t, kind)
      await server.hang()
      const waiting = await runner(aQuickJob().run)
      const seconds = await secondsOf(() => waiting.close())
      t.ok(seconds < 10, `closed within ${seconds.toFixed(1)} s`)
      await server.resume()
    })

    t.test('a queue that is lost with everything in it is told of every sync again', async (t) => {
      const { server, storage, runner, recorded } = await aWorld(t, kind)
      const held = new HeldJob()
      const busy = await runner(held.run, 1)
      const syncs = await Promise.all(Array.from({ length: 20 }, recorded))
      for (const { id } of syncs) await busy.enqueue(id)
      await held.starts(1)
      await server.clear()
      held.end()
      for (const { id } of syncs) t.match(await ended(storage, id), { state: 'succeeded', attempt: 1 })
      t.equal(held.started.length, 20)
    })
  })
}

function aWorkerProcess(
  t: Test,
  options: readonly string[],
): ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> } {
  const child = spawn(process.execPath, [WORKER, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exit
  })
  return child
}
