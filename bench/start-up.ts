import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { median, say, startPinned } from './measure.ts'
import { fillDirectory } from './records.ts'

// From spawn to the first 200: /livez of the service beside a bare Fastify, in turns.
const ROUNDS = Number(process.env.ROUNDS ?? 9)
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
/** Status files that an earlier process left. */
const FILES = Number(process.env.FILES ?? 100_000)
const directory = await mkdtemp(`${tmpdir()}/sheetsync-bench-`)

const settings = {
  PORT: '0',
  STORAGE_URL: `file:${directory}/sync-status`,
  SNAPSHOT_URL: `file:${directory}/snapshots`,
  GOOGLE_API_ROOT_URL: 'http://127.0.0.1:9/',
}

async function startUp(script: string, environment: Record<string, string>): Promise<number> {
  const began = performance.now()
  const { firstLine, stop } = await startPinned(script, [], environment)
  const url = /http:\/\/[0-9.]+:\d+/.exec(firstLine)?.[0] ?? ''
  const answer = await fetch(`${url}/livez`)
  const took = performance.now() - began
  if (answer.status !== 200) throw new Error(`/livez answered ${answer.status}`)
  await stop()
  return took
}

async function startAmongMany(): Promise<void> {
  const began = performance.now()
  const { child, firstLine, stop } = await startPinned(path('../src/start.mjs'), [], settings)
  const url = /http:\/\/[0-9.]+:\d+/.exec(firstLine)?.[0] ?? ''
  await fetch(`${url}/livez`)
  const alive = performance.now() - began
  while ((await fetch(`${url}/readyz`)).status !== 200) await delay(10)
  const ready = performance.now() - began
  await delay(3000)
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  const megabytes = (field: string) => Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
  say(`start-up with ${FILES} old status files`)
  say(`  /livez answers after ${Math.round(alive)} ms, /readyz says 200 after ${Math.round(ready)} ms`)
  say(`  resident memory ${megabytes('VmRSS')} MB, at most ${megabytes('VmHWM')} MB`)
  await stop()
}

const service: number[] = []
const bare: number[] = []
try {
  for (let round = 0; round < ROUNDS; round++) {
    service.push(await startUp(path('../src/start.mjs'), settings))
    bare.push(await startUp(path('bare-server.ts'), {}))
  }
  await fillDirectory(`${directory}/sync-status`, FILES)
  await startAmongMany()
} finally {
  await rm(directory, { recursive: true, force: true })
}
say(`start-up to the first 200 on /livez, medians of ${ROUNDS} rounds`)
say(`  sheetsync     ${Math.round(median(service))} ms`)
say(`  bare fastify  ${Math.round(median(bare))} ms`)
say(`  ratio         ${(median(service) / median(bare)).toFixed(2)}`)
