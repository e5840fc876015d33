import t, { type Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import { InProcessRunner } from '../../src/jobs/in-process-runner.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { systemClock } from '../../src/system-clock.ts'
import { FileLeases } from '../support/key-value-stores.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'
import { ended, HeldJob, type RunnerOptions, type RunnerWorld, testJobRunner } from './conformance.ts'

async function makeWorld(t: Test): Promise<RunnerWorld & { storage: FileStorage }> {
  const directory = testFolder(t)
  const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
  await storage.start()
  t.teardown(() => storage.close())
  return {
    storage,
    runner({ job, concurrency = 4, deadlineMs = 60_000, clock = systemClock }: RunnerOptions) {
      const leases = new FileLeases({ directory, clock })
      return new InProcessRunner({
        storage,
        leases,
        job,
        clock,
        log: silentLog,
        concurrency,
        statusTtlMs: 60_000,
        deadlineMs,
      })
    },
  }
}

t.test('InProcessRunner on files', async (t) => {
  testJobRunner(t, makeWorld)

  t.test('an end that the storage refuses is recorded as soon as it takes it', async (t) => {
    const { storage, runner } = await makeWorld(t)
    const job = new HeldJob()
    const sync = aQueuedSync({}, new Date())
    await storage.create(sync)
    const running = runner({ job: job.run })
    t.teardown(() => running.close())
    await running.start()
    await running.enqueue(sync.id)
    await job.starts(1)
    const replace = storage.replace.bind(storage)
    let refusals = 2
    storage.replace = async (next, expected, options) => {
      if (next.finishedAt !== null && refusals-- > 0) throw new AppError('STORAGE_FULL', 'no space')
      return replace(next, expected, options)
    }
    job.end()
    t.match(await ended(storage, sync.id), { state: 'succeeded' })
    t.ok(refusals < 0, 'it was refused twice')
  })
})
