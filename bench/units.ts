import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import {
  aDirectory,
  aServiceProcess,
  type Endable,
  environmentFor,
  type ServiceProcess,
  startSync,
} from '../test/support/service.ts'
import { startEmulatorProcess } from './download/processes.ts'
import { say } from './measure.ts'
import { cancel, create, ended, etagOf, hold, poll } from './units/load.ts'
import { type Counts, cpuMs, memoryMb, postgresServer, redisServer, type Server } from './units/meters.ts'
import { countedS3 } from './units/s3-requests.ts'

/**
 * What one poll, stream, create and sync costs, on files, Redis and PostgreSQL: `node bench/units.ts [file] [redis] [postgres]
 * [formats] [s3]`. Processor time is that of the processes, not of the clock, so that other work on the machine matters little.
 */
const POLLS = 10_000
const STREAMS = 1000
const CREATES = 300
const SYNCS = 20
const IDLE_S = 10
const START = ['--max-semi-space-size=8', 'src/start.mjs']

const asked = process.argv.slice(2)
const wants = (what: string) => asked.length === 0 || asked.includes(what)
const emulator = await startEmulatorProcess(
  ['tiny:5x2', 'typical:5000x10', 'million:100000x10'].flatMap((sheet) => ['--synthetic', sheet]),
)
try {
  for (const kind of ['file', 'redis', 'postgres'] as const) if (wants(kind)) await bench((t) => units(t, kind))
  if (wants('formats')) await bench(formats)
  if (wants('s3')) await bench(s3)
} finally {
  await emulator.stop()
}

async function bench(run: (t: Endable) => Promise<void>): Promise<void> {
  const ends: (() => unknown)[] = []
  try {
    await run({ teardown: (end: () => unknown) => void ends.unshift(end) } as Endable)
  } finally {
    for (const end of ends) await end()
  }
}

async function units(t: Endable, kind: 'file' | 'redis' | 'postgres'): Promise<void> {
  const directory = await aDirectory(t)
  const server = kind === 'file' ? undefined : await (kind === 'redis' ? redisServer(t) : postgresServer(t))
  const environment = settings(directory, server?.url)
  const isFile = server === undefined
  // On files one process does all; while Google keeps its only slot waiting it runs nothing else.
  const start = (role: string, more = {}) => aServiceProcess(t, { ...environment, ROLE: role, ...more }, START)
  if (isFile) await emulator.tell('latency', { baseMs: 600_000 })
  const api = await start(isFile ? 'all' : 'api', isFile ? { SYNC_CONCURRENCY: '1' } : {})
  const { id } = await startSync(api.url, { spreadsheet: 'tiny' })
  await create(api.url, 'tiny', 30)
  await poll(api.url, id, 2000)
  const measure = meter(kind, { api }, server)

  await measure('idle API, per second', IDLE_S, () => delay(IDLE_S * 1000))
  await measure('poll, 200', POLLS, () => poll(api.url, id, POLLS))
  const etag = await etagOf(api.url, id)
  await measure('poll, 304', POLLS, () => poll(api.url, id, POLLS, etag))
  const posted: string[] = []
  await measure('create', CREATES, async () => void posted.push(...(await create(api.url, 'tiny', CREATES))))
  if (isFile) await systemCalls(api)
  for (const held of ['stream', 'wait'] as const) {
    const watched = (await startSync(api.url, { spreadsheet: 'tiny', ifActive: 'start' })).id
    const before = (await memoryMb(api.process.pid)).now
    const holding = await hold(api.url, watched, STREAMS, held)
    await delay(1000)
    const kb = (((await memoryMb(api.process.pid)).now - before) * 1024) / STREAMS
    say(`${kind} | ${held} held | ${kb.toFixed(0)} kB of the API's memory`)
    await measure(`${held}: its last event and end`, STREAMS, async () => {
      await cancel(api.url, watched)
      await holding.over
    })
    holding.close()
  }
  await emulator.tell('latency', { baseMs: 0 })
  if (isFile) {
    await syncs(kind, directory, { all: await restarted(api, start) })
    return
  }
  const worker = await start('worker')
  await ended(api.url, posted)
  say(`${kind} | connections of one API and one worker | ${await server.connections()}`)
  await syncs(kind, directory, { worker, api }, server)
}

/** With all its slots, and nothing waiting. */
async function restarted(api: ServiceProcess, start: (role: string) => Promise<ServiceProcess>) {
  await api.end('SIGTERM')
  const all = await start('all')
  for (const state of ['queued', 'running']) {
    for (;;) {
      const page = (await (await fetch(`${all.url}/syncs?state=${state}&pageSize=1`)).json()) as { syncs: unknown[] }
      if (page.syncs.length === 0) break
      await delay(500)
    }
  }
  return all
}

async function syncs(
  kind: string,
  directory: string,
  processes: Record<string, ServiceProcess>,
  server?: Server,
): Promise<void> {
  const runner = processes.worker ?? processes.all
  const url = (processes.api ?? processes.all)?.url ?? ''
  const measure = meter(kind, processes, server)
  // The read budget remembers the reads of a minute.
  await delay(61_000)
  say(`${kind} | before the first large sync | ${(await memoryMb(runner?.process.pid)).now.toFixed(0)} MB of memory`)
  await ended(url, await create(url, 'typical', 3))
  await measure('idle with a worker, per second', IDLE_S, () => delay(IDLE_S * 1000))
  for (const [sheet, count] of [
    ['typical', SYNCS],
    ['million', 3],
  ] as const) {
    await emulator.tell('reset')
    await measure(`sync of ${sheet}`, count, async () => void (await ended(url, await create(url, sheet, count))))
    for (const call of ['spreadsheets.get', 'values.batchGet', 'files.get']) {
      const { count: calls } = (await emulator.ask(`count?kind=${call}`)) as { count: number }
      say(`${kind} | sync of ${sheet} | ${(calls / count).toFixed(2)} calls of ${call}`)
    }
    const { peak } = await memoryMb(runner?.process.pid)
    say(`${kind} | at most so far, four syncs at a time | ${peak.toFixed(0)} MB of memory`)
  }
  if (server !== undefined) {
    for (const line of await server.kept()) say(`${kind} | kept | ${line}`)
    return
  }
  const { stdout } = await promisify(execFile)('bash', [
    '-c',
    `cd ${directory}/sync-status && echo "$(ls sync-*.json | wc -l) records, $(cat sync-*.json | wc -c) bytes, $(du -s --block-size=1 . | cut -f1) bytes of disk"`,
  ])
  say(`${kind} | kept | ${stdout.trim()}`)
}

/** Prints what `count` units have cost each process and the server, divided by `count`. */
function meter(kind: string, processes: Record<string, ServiceProcess>, server?: Server) {
  const read = async () => {
    const cpu: Record<string, number> = {}
    for (const [name, { process }] of Object.entries(processes)) cpu[`ms of CPU of ${name}`] = await cpuMs(process.pid)
    const counts: Counts = (await server?.counts()) ?? {}
    const ofServer = Object.entries(counts).map(([name, count]) => [`${kind}: ${name}`, count] as const)
    return { ...cpu, ...Object.fromEntries(ofServer) }
  }
  return async (what: string, count: number, work: () => Promise<unknown>) => {
    const before: Counts = await read()
    await work()
    // PostgreSQL's sessions tell what they have counted once a second at most.
    if (kind === 'postgres') await delay(1200)
    const after = Object.entries(await read())
    const each = after.map(([name, figure]) => `${((figure - (before[name] ?? 0)) / count).toFixed(3)} ${name}`)
    say(`${kind} | ${what} | ${each.join(', ')}`)
  }
}

/** Counts the system calls of creates, where strace is; what the process does beside them is counted first. */
async function systemCalls(api: ServiceProcess): Promise<void> {
  const count = 60
  const idle = await straced(api, () => delay(1000))
  const busy = await straced(api, () => create(api.url, 'tiny', count, 2))
  const each = Object.entries(busy).map(([name, n]) => `${((n - (idle[name] ?? 0)) / count).toFixed(2)} ${name}`)
  say(`file | create, 2 at a time | ${each.join(', ')}`)
}

async function straced(api: ServiceProcess, work: () => Promise<unknown>): Promise<Counts> {
  const calls = 'trace=fsync,fdatasync,rename,unlink'
  const command = ['-s', 'INT', '15', 'strace', '-f', '-c', '-e', calls, '-p', String(api.process.pid)]
  const traced = promisify(execFile)('timeout', command).catch((error: { stderr?: string }) => error)
  await delay(2000)
  await work()
  const { stderr = '' } = await traced
  const rows = stderr.matchAll(/(\d+)\s+(?:\d+\s+)?(fsync|fdatasync|rename|unlink)$/gm)
  return Object.fromEntries(Array.from(rows, ([, calls, name]) => [name, Number(calls)]))
}

/** Bytes of the files of one snapshot for each format, and the processor time of writing them. */
async function formats(t: Endable): Promise<void> {
  const all = await aServiceProcess(t, settings(await aDirectory(t)), START)
  await ended(all.url, await create(all.url, 'typical', 3))
  const measure = meter('formats', { all })
  for (const sheet of ['typical', 'million']) {
    const cells = sheet === 'typical' ? 50_000 : 1_000_000
    for (const format of ['json', 'ndjson', 'csv'] as const) {
      await measure(`sync of ${sheet}, ${format}, per million cells`, cells / 1e6, async () => {
        const { id } = await startSync(all.url, { spreadsheet: sheet, formats: [format] })
        const [sync] = await ended(all.url, [id])
        const bytes = sync?.tabs.flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0) ?? 0
        say(`formats | ${sheet}, ${format} | ${(bytes / cells).toFixed(1)} bytes a cell`)
      })
    }
  }
}

/** Requests to the bucket. */
async function s3(t: Endable): Promise<void> {
  const bucket = await countedS3(t)
  const environment = { ...settings(await aDirectory(t)), SNAPSHOT_URL: 's3://snapshots/bench', SWEEP_INTERVAL: '1h' }
  const credentials = {
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
    AWS_ENDPOINT_URL_S3: bucket.url,
  }
  const all = await aServiceProcess(t, { ...environment, ...credentials }, START)
  await ended(all.url, await create(all.url, 'typical', 4))
  const count = async (what: string, times: number, work: () => Promise<unknown>) => {
    const before: Counts = bucket.counts()
    await work()
    const each = Object.entries(bucket.counts()).map(
      ([kind, n]) => `${((n - (before[kind] ?? 0)) / times).toFixed(1)} ${kind}`,
    )
    say(`s3 | ${what} | ${each.join(', ')}`)
  }
  const one = async (sheet: string) => ended(all.url, await create(all.url, sheet, 1))
  await count('sync of typical', 5, async () => {
    for (let n = 0; n < 5; n++) await one('typical')
  })
  await count('sync of million', 1, () => one('million'))
  const read = `${all.url}/spreadsheets/typical/tabs/gid:0`
  await count('read of a tab', 10, async () => {
    for (let n = 0; n < 10; n++) await (await fetch(read)).arrayBuffer()
  })
  await count('sixty seconds idle', 1, () => delay(60_000))
}

function settings(directory: string, storageUrl?: string): Record<string, string> {
  return {
    ...environmentFor(directory),
    ...(storageUrl !== undefined && { STORAGE_URL: storageUrl }),
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    GOOGLE_READS_PER_MINUTE: '100000',
    RATE_LIMIT: 'off',
    STATUS_TTL: '1h',
    MAX_QUEUED: '100000',
    MAX_ACTIVE_PER_KEY: '100000',
    MAX_STREAMS_PER_KEY: '100000',
  }
}
