import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import {
  aDirectory,
  anEmulator,
  aServiceProcess,
  environmentFor,
  finished,
  pollUntil,
  type ServiceProcess,
  startSync,
} from '../support/service.ts'

const POISON = 'poison-0123456789_abcdefghijklmnopqrstuvwxyz'
const LARGE = 'large-0123456789_abcdefghijklmnopqrstuvwxyz'
const SMALL = ['small-1', 'small-2', 'small-3']

/** Services that follow each other on one folder. */
async function aHouse(t: Test) {
  const book = (id: string, rows: number) => {
    const tab = syntheticTab({ gid: 0, title: 'Data', rows, columns: 10, kind: 'mixed' })
    return { id, title: id, tabs: [tab] }
  }
  const emulator = await anEmulator(t, {
    workbooks: [book(POISON, 1000), book(LARGE, 60_000), ...SMALL.map((id) => book(id, 1000))],
    latency: { baseMs: 20 },
  })
  const directory = await aDirectory(t)
  const environment = { ...environmentFor(directory), GOOGLE_API_ROOT_URL: emulator.rootUrl, STATUS_TTL: '10m' }
  return { emulator, directory, start: () => aServiceProcess(t, environment) }
}

t.test('a sync whose rows kill the process ends after three deaths, and takes no other sync along', async (t) => {
  const { emulator, start } = await aHouse(t)
  let service: ServiceProcess = await start()
  let deaths = 0
  const died = () => new Promise<void>((resolve) => service.process.once('exit', () => resolve()))
  emulator.onCall(async ({ spreadsheetId, kind }) => {
    if (kind !== 'values.batchGet') return
    if (spreadsheetId === POISON) service.process.kill('SIGKILL')
    // What runs beside it has not come to a checkpoint yet, and dies of it as well.
    else await delay(300)
  })
  const [poison, ...others] = await Promise.all(
    [POISON, ...SMALL].map((spreadsheet) => startSync(service.url, { spreadsheet })),
  )
  for (let end: Awaited<ReturnType<typeof pollUntil>> | undefined; end === undefined; ) {
    const death = died().then(() => undefined)
    end = await Promise.race([death, pollUntil(service.url, poison?.id ?? '', finished).catch(() => death)])
    if (end === undefined) {
      deaths += 1
      service = await start()
      continue
    }
    t.match(end, { state: 'failed', attempt: 4, error: { code: 'SYNC_POISONED', retryable: false, status: 500 } })
    t.comment(`${deaths} deaths, then: ${end.error?.detail}`)
  }
  t.equal(deaths, 3)
  for (const { id } of others) {
    const { state, attempt } = await pollUntil(service.url, id, finished)
    t.equal(state, 'succeeded', `at attempt ${attempt}`)
  }
  t.equal(await service.end('SIGTERM'), 0)
})

t.test(
  'a sync that comes to a checkpoint each time is never poisoned, however soon after it its process dies',
  async (t) => {
    const { directory, start } = await aHouse(t)
    let service = await start()
    const { id } = await startSync(service.url, { spreadsheet: LARGE, formats: ['ndjson'] })
    const DEATHS = 4
    for (let epoch = 1; epoch <= DEATHS; epoch += 1) {
      const checkpoint = `${directory}/snapshots/.staging/${id}.${epoch}/.checkpoint.json`
      while (epochOf(checkpoint) !== epoch) await delay(1)
      await service.end('SIGKILL')
      service = await start()
    }
    const end = await pollUntil(service.url, id, finished)
    t.match(end, { state: 'succeeded', attempt: DEATHS + 1, tabs: [{ rows: 59_999 }] })
    t.comment(`${DEATHS} deaths right after a checkpoint, then ${end.state} at attempt ${end.attempt}`)
    t.equal(await service.end('SIGTERM'), 0)
  },
)

/** The attempt that saved a checkpoint; `undefined` while there is none. */
function epochOf(checkpoint: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(checkpoint, 'utf8')) as { value: { epoch: number } }).value.epoch
  } catch {
    return undefined
  }
}
