import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { aRedisServer } from '../support/own-servers.ts'
import { aDatabaseUrl, isThere } from '../support/queue-servers.ts'
import {
  aDirectory,
  anEmulator,
  aService,
  environmentFor,
  finished,
  getSync,
  pollUntil,
  startSync,
} from '../support/service.ts'

const workbook = { id: 'shared', title: 'Shared', tabs: [tabFromRows(0, 'Rows', [['n'], [1]])] }

const STORAGES = {
  files: async (t: Test) => `file:${await aDirectory(t)}`,
  redis: async (t: Test) => (await aRedisServer(t)).url,
  postgres: aDatabaseUrl,
} as const

for (const kind of ['files', 'redis', 'postgres'] as const) {
  const skip = kind === 'files' || (await isThere(kind)) ? false : `no ${kind} here`
  t.test(`two instances on ${kind} share a pause: one read tries whether Google still refuses`, { skip }, async (t) => {
    const emulator = await anEmulator(t, { workbooks: [workbook], latency: { baseMs: 100 } })
    const environment = {
      ...environmentFor(await aDirectory(t)),
      STORAGE_URL: await STORAGES[kind](t),
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
    }
    const instances = [await aService(t, environment), await aService(t, environment)] as const
    const start = (count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, n) =>
          startSync(instances[n % 2 === 0 ? 0 : 1].url, { spreadsheet: workbook.id, ifActive: 'start' }),
        ),
      )
    for (const { id } of await start(4)) await pollUntil(instances[0].url, id, finished)
    emulator.resetCalls()
    emulator.setQuota({ readsPerMinute: 0 })
    const syncs = await start(12)
    const reads = () => emulator.calls.filter((call) => call.kind !== 'files.get')
    const tries = () => reads().filter(({ at }) => at > (reads()[0]?.at ?? 0) + 900)
    while (tries().length < 1) await delay(10)
    const waits = await Promise.all(syncs.map(async ({ id }) => (await getSync(instances[0].url, id)).progress))
    t.ok(waits.filter(({ waitingUntil }) => waitingUntil !== null).length >= 2, 'those that run say that they wait')
    emulator.setQuota(undefined)
    for (const { id } of syncs) {
      const sync = await pollUntil(instances[1].url, id, finished)
      t.match(sync, { state: 'succeeded', progress: { waitingUntil: null } })
    }
    const [refused, answered] = tries()
    t.match([refused?.status, answered?.status], [429, 200])
    const waitedMs = (answered?.at ?? 0) - (refused?.at ?? 0)
    t.ok(waitedMs >= 2000 && waitedMs < 4000, `the second try came ${waitedMs} ms after the first`)
    const refusedReads = reads().filter(({ status }) => status === 429).length
    t.ok(refusedReads <= 8 + 1, `${refusedReads} reads were refused: one of each sync that ran, and the try`)
  })
}
