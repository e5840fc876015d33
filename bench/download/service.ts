import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ServiceProcess, startEmulatorProcess, startService } from './processes.ts'

/**
 * The whole service as its users run it: its memory at one and at ten million cells, and what those who poll feel while
 * ten downloads run. Emulator and pollers take their share of the same cores, so on a small machine the figures with
 * downloads stand beside those without.
 */
const POLLERS = Number(process.env.BENCH_POLLERS ?? 1000)
const EVERY_MS = 500
const DOWNLOADS = 10

const say = (line: string) => process.stdout.write(`${line}\n`)
const emulator = await startEmulatorProcess([
  ...['--latency', '250', '--per-cell-us', '4'],
  ...['--synthetic', 'million:100000x10', '--synthetic', 'ten-million:1000000x10'],
])
try {
  const one = await peakOf('million')
  const ten = await peakOf('ten-million')
  say(
    `peak memory of the service: ${one.toFixed(0)} MB at 1M cells (at most 220), ${ten.toFixed(0)} MB at 10M: ratio ${(ten / one).toFixed(2)} (at most 1.15)`,
  )
  await pollers()
} finally {
  await emulator.stop()
}

async function peakOf(spreadsheet: string): Promise<number> {
  return withService(async (service) => {
    await finished(service, await start(service, spreadsheet))
    return service.peakRssMb()
  })
}

async function pollers(): Promise<void> {
  await withService(async (service) => {
    const idle = await start(service, 'million')
    await finished(service, idle)
    const before = await poll(service, [idle], 5000)
    const ids: string[] = []
    for (let count = 0; count < DOWNLOADS; count += 1) ids.push(await start(service, 'million'))
    const running = new AbortController()
    const all = Promise.all(ids.map((id) => finished(service, id))).finally(() => running.abort())
    const [cpu, started] = [await service.cpuMs(), performance.now()]
    const during = await poll(service, ids, 300_000, running.signal)
    await all
    const share = ((await service.cpuMs()) - cpu) / (performance.now() - started)
    say(`${POLLERS} pollers every ${EVERY_MS} ms, nothing else going on: ${figures(before)}`)
    say(
      `${POLLERS} pollers every ${EVERY_MS} ms, ${DOWNLOADS} downloads of 1M cells: ${figures(during)} (p99 at most 25); the service took ${share.toFixed(2)} cores`,
    )
  })
}

async function withService<T>(use: (service: ServiceProcess) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'))
  const service = await startService(emulator.rootUrl, directory)
  try {
    return await use(service)
  } finally {
    await service.stop()
    await rm(directory, { recursive: true })
  }
}

async function start(service: ServiceProcess, spreadsheet: string): Promise<string> {
  const answer = await fetch(`${service.url}/syncs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ spreadsheet, formats: ['ndjson'], ifActive: 'start' }),
  })
  return ((await answer.json()) as { id: string }).id
}

async function finished(service: ServiceProcess, id: string): Promise<void> {
  for (;;) {
    const sync = (await (await fetch(`${service.url}/syncs/${id}`)).json()) as { state: string }
    if (sync.state === 'succeeded') return
    if (sync.state === 'failed') throw new Error(JSON.stringify(sync))
    await delay(250)
  }
}

/** Polls as so many frontends would, spread evenly over the interval; resolves to how long each answer took. */
async function poll(
  service: ServiceProcess,
  ids: readonly string[],
  forMs: number,
  stop?: AbortSignal,
): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: POLLERS })
  const took: number[] = []
  const end = performance.now() + forMs
  const isOver = () => stop?.aborted || performance.now() > end
  await Promise.all(
    Array.from({ length: POLLERS }, async (_, index) => {
      const url = `${service.url}/syncs/${ids[index % ids.length]}`
      await delay((EVERY_MS * index) / POLLERS)
      while (!isOver()) {
        const started = performance.now()
        await answered(url, agent)
        const ms = performance.now() - started
        took.push(ms)
        await delay(Math.max(0, EVERY_MS - ms))
      }
    }),
  )
  agent.destroy()
  return took
}

function answered(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${answer.statusCode}`))
      answer.resume().on('end', resolve)
    }).on('error', reject)
  })
}

function figures(took: readonly number[]): string {
  const sorted = [...took].sort((one, other) => one - other)
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1)
  return `${took.length} polls, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${(sorted.at(-1) ?? 0).toFixed(1)} ms`
}
