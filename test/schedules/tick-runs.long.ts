import t from 'tap'
import { Scheduler } from '../../src/jobs/scheduler.ts'
import { syncRequestBody } from '../../src/model/sync-request.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { TickRuns } from '../../src/schedules/tick-runs.ts'
import { aWorld, MINUTE } from './schedule-processes.ts'

t.test('of 10,000 that are due at once none is lost', async (t) => {
  const { clock, store, aProcess, aSchedule } = aWorld({ maxQueued: 100_000 })
  const mine = await Promise.all(
    Array.from({ length: Number(process.env.DUE ?? 10_000) }, (_, n) =>
      aSchedule({ request: syncRequestBody.parse({ spreadsheet: `sheet-${n}` }) }, 'many'),
    ),
  )
  const other = await aSchedule({}, 'other')
  const { runs } = aProcess()
  const worked: string[] = []
  const counted = {
    work: async (id: string) => {
      worked.push(id)
      return store
        .change(id, (schedule) => ({ ...schedule, nextRunAt: '2030-01-01T00:00:00.000Z' }))
        .then(() => ({ noticeIsDue: false }))
    },
    reckonAnew: async () => {},
    close: () => runs.close(),
  } as unknown as TickRuns
  clock.leap(MINUTE)
  const scheduler = new Scheduler({ store, runs: counted, notices: { notify() {} }, clock, log: silentLog })
  let longest = 0
  let at = performance.now()
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - at)
    at = performance.now()
  }, 5)
  scheduler.start()
  while (worked.length < mine.length + 1) await clock.advance(10)
  clearInterval(beat)
  const closing = scheduler.close()
  await clock.advance(1000)
  await closing
  t.equal(new Set(worked).size, mine.length + 1)
  t.ok(worked.includes(other))
  t.comment(`the event loop was held for ${Math.round(longest)} ms at the most`)
})
