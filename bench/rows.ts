import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { childrenOf, memoryMb } from '../test/support/child-processes.ts'
import { startEmulatorProcess, startService } from './download/processes.ts'
import { median, say } from './measure.ts'

// A filtered, sorted page of a million cells: asked of the service, and found by reading the NDJSON in Node, in turns.
const CLIENTS = 32
const SECONDS = Number(process.env.SECONDS ?? 10)
const ROUNDS = Number(process.env.ROUNDS ?? 5)
/** Questions of a round, whose median counts. */
const QUESTIONS = 5
/** MiB, as /proc has them: QUERY_MEMORY, and 80 MB beside it. */
const LIMIT_MIB = (256 + 80) / 1.048576
const PATH = '/spreadsheets/big/tabs/gid:0'
const asked = (index: number) => {
  const least = 1000 * (index % 90)
  const where = encodeURIComponent("amount_3 >= ? and text_2 ilike 'b%'")
  return `${PATH}/rows?where=${where}&param=${least}&order=amount_3%20desc&limit=20`
}

let refused = 0
const emulator = await startEmulatorProcess(['--synthetic', 'big:100000x10'])
const directory = await mkdtemp(join(tmpdir(), 'bench-'))
const service = await startService(emulator.rootUrl, directory, {
  RATE_LIMIT: 'off',
  QUERY_CACHE_URL: `file:${directory}/cache`,
})
try {
  const id = await synced()
  const ndjson = `${directory}/rows.ndjson`
  await writeFile(ndjson, await (await fetch(`${service.url}${PATH}?format=ndjson`)).text())
  const before = await service.rssMb()
  const cold = await timed(() => get(asked(0)))
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => get(asked(index))))

  const scans: Cost[] = []
  const heldScans: Cost[] = []
  const alone: Cost[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    scans.push(await costOf(ownCpuMs, () => scanFile(ndjson, 1000 * round)))
    const text = await readFile(ndjson, 'utf8')
    heldScans.push(await costOf(ownCpuMs, () => scanText(text, 1000 * round)))
    for (let next = 0; next < QUESTIONS; next += 1) {
      alone.push(await costOf(questionCpuMs, () => get(asked(round * QUESTIONS + next))))
    }
  }
  const idle = await pollsWhile(id, delay(SECONDS * 1000))
  const took: number[] = []
  const [began, cpu] = [performance.now(), await service.cpuMs()]
  const polls = await pollsWhile(id, askAll(took))
  const seconds = (performance.now() - began) / 1000
  const cores = ((await service.cpuMs()) - cpu) / seconds / 1000
  const after = await service.rssMb()
  const engines = await Promise.all((await childrenOf(service.pid)).map((child) => memoryMb(child, 'VmHWM')))

  say(`a filtered, sorted page of 100,000 × 10, medians of ${ROUNDS} rounds`)
  say(`  the first question      ${Math.round(cold)} ms, with the start of the engine and the table made`)
  const row = (name: string, costs: readonly Cost[]) => {
    const [ms, cpuMs] = [median(costs.map((cost) => cost.ms)), median(costs.map((cost) => cost.cpuMs))]
    say(`  ${name.padEnd(23)} ${ms.toFixed(1)} ms, ${cpuMs.toFixed(1)} ms of processor time`)
    return { ms, cpuMs }
  }
  const one = row('asked, one client', alone)
  const read = row('NDJSON read in Node', scans)
  const held = row('all of it in memory', heldScans)
  const times = (scanned: Cost) =>
    `${(scanned.ms / one.ms).toFixed(1)}, by processor time ${(scanned.cpuMs / one.cpuMs).toFixed(1)}`
  say(`  ratio                   ${times(read)}   (wanted ≥ 10; the engine gives way to all else that runs)`)
  say(`  with all in memory      ${times(held)}`)
  say(
    `${CLIENTS} clients for ${SECONDS} s: ${figures(took)}, ${(took.length / seconds).toFixed(0)} a second, ${refused} refused as busy`,
  )
  say(`  polls without askers    ${figures(idle)}`)
  say(`  polls beside askers     ${figures(polls)}   (wanted p99 ≤ 25)`)
  say(
    `  the service took ${cores.toFixed(2)} cores, and had ${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after`,
  )
  say(
    `  engines had ${engines.map((mb) => mb?.toFixed(0)).join(' and ')} MiB at most (wanted ≤ ${(LIMIT_MIB).toFixed(0)})`,
  )
} finally {
  await service.stop()
  await emulator.stop()
  await rm(directory, { recursive: true, force: true })
}

interface Cost {
  readonly ms: number
  /** Of all who worked for it. */
  readonly cpuMs: number
}

async function costOf(cpuMs: () => number | Promise<number>, work: () => Promise<unknown>): Promise<Cost> {
  const cpu = await cpuMs()
  const ms = await timed(work)
  return { ms, cpuMs: (await cpuMs()) - cpu }
}

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Processor time that the service and its engines have had, in milliseconds: the threads that they have now. */
async function questionCpuMs(): Promise<number> {
  const pids = [service.pid, ...(await childrenOf(service.pid))]
  const threads = pids.map(async (pid) => {
    const ids = await readdir(`/proc/${pid}/task`)
    // Nanoseconds on a processor come first.
    const ran = ids.map(async (id) => Number.parseInt(await readFile(`/proc/${pid}/task/${id}/schedstat`, 'utf8'), 10))
    return (await Promise.all(ran)).reduce((sum, ns) => sum + ns / 1e6, 0)
  })
  return (await Promise.all(threads)).reduce((sum, ms) => sum + ms, 0)
}

async function synced(): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ spreadsheet: 'big', formats: ['ndjson'] })
  const { id } = (await (await fetch(`${service.url}/syncs`, { method: 'POST', headers, body })).json()) as {
    id: string
  }
  for (;;) {
    const { state } = (await (await fetch(`${service.url}/syncs/${id}`)).json()) as { state: string }
    if (state === 'succeeded') return id
    if (state === 'failed') throw new Error('the sync failed')
    await delay(250)
  }
}

async function get(path: string): Promise<void> {
  const answer = await fetch(`${service.url}${path}`)
  if (answer.status === 503) {
    // On a machine that others use as well the engine, which gives way to all, may be busy for long.
    refused += 1
    await answer.arrayBuffer()
    return get(path)
  }
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
  await answer.arrayBuffer()
}

async function askAll(took: number[]): Promise<void> {
  const end = performance.now() + SECONDS * 1000
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, index) => {
      for (let next = index; performance.now() < end; next += CLIENTS) took.push(await timed(() => get(asked(next))))
    }),
  )
}

/** Polls a sync, ten times a second by each of ten clients, until the work is done. */
async function pollsWhile(id: string, work: Promise<unknown>): Promise<number[]> {
  const took: number[] = []
  let isOver = false
  const polling = Array.from({ length: 10 }, async (_, index) => {
    await delay(index * 10)
    while (!isOver) {
      took.push(await timed(() => get(`/syncs/${id}`)))
      await delay(100)
    }
  })
  await work
  isOver = true
  await Promise.all(polling)
  return took
}

/** What whoever has no engine does: reads all rows, keeps those that fit, sorts them. */
async function scanFile(file: string, least: number): Promise<void> {
  const fitting: Row[] = []
  for await (const line of createInterface({ input: createReadStream(file) })) keepFitting(line, least, fitting)
  assertSome(firstOf(fitting))
}

/** The same by who keeps all the text in memory. */
async function scanText(text: string, least: number): Promise<void> {
  const fitting: Row[] = []
  for (const line of text.trimEnd().split('\n')) keepFitting(line, least, fitting)
  assertSome(firstOf(fitting))
}

type Row = Record<string, unknown>

function keepFitting(line: string, least: number, fitting: Row[]): void {
  const row = JSON.parse(line) as Row
  if (Number(row.amount_3) >= least && /^b/i.test(String(row.text_2))) fitting.push(row)
}

function firstOf(fitting: Row[]): Row[] {
  return fitting.sort((a, b) => Number(b.amount_3) - Number(a.amount_3)).slice(0, 20)
}

function assertSome(rows: readonly Row[]): void {
  if (rows.length === 0) throw new Error('no row fits')
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

function figures(took: readonly number[]): string {
  const sorted = [...took].sort((one, other) => one - other)
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1)
  return `${took.length} answers, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}
