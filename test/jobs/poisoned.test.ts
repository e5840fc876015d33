import { existsSync } from 'node:fs'
import t, { type Test } from 'tap'
import { syntheticWorkbook } from '../../emulator/workbook.ts'
import type { ActiveSync } from '../../src/model/sync.ts'
import { JobStop } from '../../src/ports/job-runner.ts'
import { claimSync } from '../../src/syncs/sync.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { aDownloader, callsOf, LeapingClock } from './downloads.ts'

/** Downloads whose process dies: what is staged stays, and nothing is recorded of how that ended. */
async function aWorld(t: Test) {
  const downloader = await aDownloader(t, {
    workbooks: [syntheticWorkbook({ id: 'book', rows: 1600, columns: 4 })],
    clock: new LeapingClock(),
    tuning: callsOf(200),
  })
  let owners = 0
  return {
    downloader,
    claim: (sync: ActiveSync) => claimSync(sync, `process ${owners++}`, new Date()),
    /** Runs the sync until a moment of its own; resolves to what is recorded of it then. */
    async dies(sync: ActiveSync, when: 'at once' | 'after a checkpoint'): Promise<ActiveSync> {
      const stop = new AbortController()
      const die = () => stop.abort(new JobStop('superseded'))
      const stopListening = downloader.emulator.onCall(({ kind }) => {
        if (when === 'at once' && kind === 'values.batchGet') die()
      })
      const onReport = ({ checkpointed }: { checkpointed?: true }) => {
        if (when === 'after a checkpoint' && checkpointed) die()
      }
      await t.rejects(downloader.run({}, { sync, signal: stop.signal, onReport }), { message: /superseded/ })
      stopListening()
      // The report of the checkpoint was lost with the process.
      return sync
    },
  }
}

t.test('three attempts that die without progress end the sync, in words, and leave nothing', async (t) => {
  const { downloader, claim, dies } = await aWorld(t)
  let sync = claim(aQueuedSync({ spreadsheet: 'book' }))
  for (let deaths = 0; deaths < 3; deaths += 1) sync = claim(await dies(sync, 'at once'))
  t.strictSame(sync.lease, { epoch: 4, owner: 'process 3', died: [1, 2, 3] })
  await t.rejects(downloader.run({}, { sync }), {
    code: 'SYNC_POISONED',
    retryable: false,
    message: /died in 3 attempts in a row without progress/,
    hint: /more memory/,
  })
  t.equal(existsSync(`${t.testdirName}/.staging/${sync.id}.4`), false)
})

t.test('attempts that die with progress never do, though nothing was recorded of it', async (t) => {
  const { downloader, claim, dies } = await aWorld(t)
  let sync = claim(aQueuedSync({ spreadsheet: 'book' }))
  for (let deaths = 0; deaths < 3; deaths += 1) sync = claim(await dies(sync, 'after a checkpoint'))
  t.strictSame(sync.lease.died, [1, 2, 3])
  for (let deaths = 0; deaths < 2; deaths += 1) sync = claim(await dies(sync, 'at once'))
  t.equal((await downloader.run({}, { sync })).outcome, 'downloaded', 'two without progress are borne')
})

t.test('should nobody be able to tell, ten deaths end it before the draft is opened', async (t) => {
  const { downloader, claim, dies } = await aWorld(t)
  const sync = claim(await dies(claim(aQueuedSync({ spreadsheet: 'book' })), 'after a checkpoint'))
  const died = Array.from({ length: 10 }, (_, before) => before + 1)
  const last = { ...sync, lease: { ...sync.lease, epoch: 11, died } }
  await t.rejects(downloader.run({}, { sync: last }), { code: 'SYNC_POISONED', message: /10 attempts/ })
})
