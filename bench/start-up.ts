import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { median, say, startPinned } from './measure.ts'

// From spawn to the first 200: /livez of the service beside a bare Fastify, in turns.
const ROUNDS = Number(process.env.ROUNDS ?? 9)
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const directory = await mkdtemp(`${tmpdir()}/sheetsync-bench-`)

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

const service: number[] = []
const bare: number[] = []
try {
  for (let round = 0; round < ROUNDS; round++) {
    service.push(
      await startUp(path('../src/server.ts'), {
        PORT: '0',
        STORAGE_URL: `file:${directory}/sync-status`,
        SNAPSHOT_URL: `file:${directory}/snapshots`,
        GOOGLE_API_ROOT_URL: 'http://127.0.0.1:9/',
      }),
    )
    bare.push(await startUp(path('bare-server.ts'), {}))
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}
say(`start-up to the first 200 on /livez, medians of ${ROUNDS} rounds`)
say(`  sheetsync     ${Math.round(median(service))} ms`)
say(`  bare fastify  ${Math.round(median(bare))} ms`)
say(`  ratio         ${(median(service) / median(bare)).toFixed(2)}`)
