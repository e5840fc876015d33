import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { TAKE_UP_MS } from '../../src/schedules/schedule-ticks.ts'
import type { ScheduleView } from '../../src/schedules/schedule-view.ts'
import { Random } from '../crash/simulation/random.ts'
import { anOwnServer } from '../support/own-servers.ts'
import { aDatabaseUrl, isThere } from '../support/queue-servers.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor, type ServiceProcess } from '../support/service.ts'

// Real processes of the service share schedules of two seconds, while they are killed, stopped and continued: each tick has
// exactly one sync, by what the service lists and by what the emulator was asked.

/** Milliseconds for which processes are killed and stopped, on each storage. */
const RUN_MS = Number(process.env.SCHEDULES_MS ?? 40_000)
const SEED = Number(process.env.SCHEDULES_SEED ?? Math.floor(Math.random() * 1e9))
const PROCESSES = 3
const SCHEDULES = Number(process.env.SCHEDULES_COUNT ?? 20)
const EVERY_MS = 2000

const books = Array.from(
  { length: SCHEDULES },
  (_, n): Workbook => ({
    id: `1ScheduledSheet-${String(n).padStart(3, '0')}-0123456789abcdefghijkl`,
    title: `Book ${n}`,
    tabs: [
      tabFromRows(0, 'A', [
        ['A', 'B'],
        [n, 1],
        [n, 2],
      ]),
    ],
  }),
)

t.comment(`seed ${SEED}: SCHEDULES_SEED=${SEED} npm run test:schedules`)

await t.test('on files', async (t) => {
  const directory = await aDirectory(t)
  await runAll(t, { ...environmentFor(directory) })
})

for (const kind of ['redis', 'postgres'] as const) {
  await t.test(`on ${kind}`, { skip: (await isThere(kind)) ? false : `there is no ${kind} here` }, async (t) => {
    const url = kind === 'redis' ? (await anOwnServer(t, 'redis')).url : await aDatabaseUrl(t)
    await runAll(t, { ...environmentFor(await aDirectory(t)), STORAGE_URL: url })
  })
}

async function runAll(t: Test, environment: Record<string, string>): Promise<void> {
  const random = new Random(SEED)
  const emulator = await anEmulator(t, { workbooks: books })
  const settings = {
    ...environment,
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    GOOGLE_API_KEY: 'any-key',
    GOOGLE_READS_PER_MINUTE: '100000',
    SCHEDULE_EVERY_MIN: '1s',
    STATUS_TTL: '1h',
    RATE_LIMIT: 'off',
    LOG_LEVEL: 'warn',
  }
  // The line that tells the address is one of level info.
  const start = () => aServiceProcess(t, { ...settings, LOG_LEVEL: 'info' })
  const processes: ServiceProcess[] = await Promise.all(Array.from({ length: PROCESSES }, start))
  const first = processes[0] as ServiceProcess
  const ids: string[] = []
  for (const { id } of books) {
    const body = { name: id, request: { spreadsheet: id }, every: `${EVERY_MS}ms`, jitter: '1s' }
    const answer = await fetch(`${first.url}/schedules`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    t.equal(answer.status, 201)
    ids.push(((await answer.json()) as ScheduleView).id)
  }

  let [kills, stops] = [0, 0]
  const until = performance.now() + RUN_MS
  while (performance.now() < until) {
    await delay(500 + random.below(4000))
    const at = random.below(PROCESSES)
    const victim = processes[at] as ServiceProcess
    if (random.chance(0.5)) {
      kills += 1
      await victim.end('SIGKILL')
      processes[at] = await start()
    } else {
      stops += 1
      victim.process.kill('SIGSTOP')
      // Some are stopped for longer than it takes another process to take up what they have claimed.
      await delay(random.chance(0.3) ? 12_000 : random.below(3000))
      victim.process.kill('SIGCONT')
    }
  }
  const { url } = processes[0] as ServiceProcess
  for (const id of ids) await fetch(`${url}/schedules/${id}/pause`, { method: 'POST' })
  const ended = await allEnded(url, ids)
  const finalStates = await Promise.all(ids.map((id) => read<ScheduleView>(`${url}/schedules/${id}`)))

  let [ticks, joins] = [0, 0]
  for (const [n, id] of ids.entries()) {
    const runs = ended.get(id) ?? []
    const { faults, covered, joined } = faultsOf(runs)
    ticks += covered
    joins += joined
    t.same(faults, [], `schedule ${n}`)
    t.ok(runs.length > 0, `schedule ${n} has run`)
    const last = finalStates[n]?.lastSync
    t.ok(
      runs.some(({ id: syncId }) => syncId === last?.id),
      `schedule ${n} names one of its syncs as the latest`,
    )
    // What nobody has recorded nobody has downloaded: each attempt begins with one look at the spreadsheet.
    const looks = emulator.calls.filter(
      (call) => call.kind === 'spreadsheets.get' && call.spreadsheetId === books[n]?.id,
    )
    const attempts = runs.reduce((sum, { attempt }) => sum + attempt, 0)
    const least = runs.filter(({ state }) => state === 'succeeded').length
    t.ok(looks.length <= attempts && looks.length >= least, `schedule ${n}: ${looks.length} of ${least} to ${attempts}`)
  }
  t.comment(
    `${kills} kills, ${stops} stops; ${[...ended.values()].flat().length} syncs for ${ticks} ticks, ${joins} joined`,
  )
  for (const each of processes) await each.end('SIGTERM')
}

/**
 * What is wrong with the runs of one schedule. A tick without a sync of its own was lost unless it had come before the run
 * that precedes it began (it was missed, and collapsed into that one), or while that one's sync was active (it joined), or
 * its process died after the claim: then it was taken up some seconds later, and stands for the next one that had come.
 */
function faultsOf(runs: readonly SyncView[]) {
  const faults: string[] = []
  const sorted = runs
    .map((sync) => ({ ...sync, at: Date.parse(sync.tick ?? '') }))
    .sort((one, other) => one.at - other.at)
  let [covered, joined] = [sorted.length, 0]
  for (const [n, sync] of sorted.entries()) {
    const { at, id, state, finishedAt, createdAt } = sync
    if (state !== 'succeeded') faults.push(`${id} has ${state}`)
    const next = sorted[n + 1]
    if (next === undefined) continue
    if ((next.at - at) % EVERY_MS !== 0) faults.push(`${next.id} is of no tick: ${next.tick}`)
    if (next.at === at) faults.push(`${sync.tick} has two syncs: ${id} and ${next.id}`)
    for (let tick = at + EVERY_MS; tick < next.at; tick += EVERY_MS) {
      covered += 1
      if (tick <= Date.parse(createdAt)) continue
      joined += 1
      const isJoined = tick <= Date.parse(finishedAt ?? '')
      const isTakenUp = Date.parse(next.createdAt) - tick >= TAKE_UP_MS
      if (!isJoined && !isTakenUp) faults.push(`${new Date(tick).toISOString()} was lost after ${id}`)
    }
  }
  return { faults, covered, joined }
}

async function allEnded(url: string, ids: readonly string[]): Promise<Map<string, SyncView[]>> {
  for (;;) {
    const found = new Map<string, SyncView[]>()
    for (const id of ids) {
      const { syncs } = await read<{ syncs: SyncView[] }>(`${url}/syncs?schedule=${id}&pageSize=1000`)
      found.set(id, syncs)
    }
    if ([...found.values()].flat().every(({ finishedAt }) => finishedAt !== null)) return found
    await delay(500)
  }
}

async function read<T>(url: string): Promise<T> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}
