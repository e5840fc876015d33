import { spawnSync } from 'node:child_process'
import { Agent, get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { anEmulator, finished, startSync } from '../support/service.ts'
import { aConfinedService, type ConfinedService } from './support/confined-service.ts'

const ID = 'book-0123456789_abcdefghijklmnopqrstuvwxyz'
const DESCRIPTORS = 256
const EATEN_MS = 10_000
const ROWS = 40_000

async function aWorld(t: Test) {
  const tab = syntheticTab({ gid: 0, title: 'Data', rows: ROWS, columns: 10, kind: 'mixed' })
  const emulator = await anEmulator(t, {
    workbooks: [{ id: ID, title: 'Book', tabs: [tab] }],
    latency: { baseMs: 1000 },
  })
  const service = await aConfinedService(t, {
    environment: { GOOGLE_API_ROOT_URL: emulator.rootUrl },
    descriptors: DESCRIPTORS,
  })
  // One connection, made before there is no descriptor left for another.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const poll = (id: string) =>
    new Promise<SyncView>((resolve, reject) => {
      const request = get(`${service.url}/syncs/${id}`, { agent }, (answer) => {
        text(answer).then((body) => resolve(JSON.parse(body) as SyncView), reject)
      })
      request.on('error', reject)
    })
  return { emulator, service, poll }
}

/** Leaves the process no descriptor more than it has; resolves to what gives them back. */
function takeAll({ pid }: ConfinedService): () => void {
  const limit = (soft: number) => {
    const { status, stderr } = spawnSync('prlimit', ['--pid', `${pid}`, `--nofile=${soft}:${DESCRIPTORS}`])
    if (status !== 0) throw new Error(`prlimit: ${stderr}`)
  }
  limit(3)
  return () => limit(DESCRIPTORS)
}

/** Opens silent connections, as many as are taken. */
function connectSilently({ url }: ConfinedService): () => void {
  const { hostname, port } = new URL(url)
  const sockets: Socket[] = Array.from({ length: 600 }, () => connect(Number(port), hostname).on('error', () => {}))
  return () => {
    for (const socket of sockets) socket.destroy()
  }
}

/** Polls until the sync has ended; resolves to that and to what hindered it on the way, and since when it was known. */
async function watch(poll: (id: string) => Promise<SyncView>, id: string) {
  const began = performance.now()
  const faults: { readonly code: string; readonly ms: number }[] = []
  for (;;) {
    const sync = await poll(id).catch(() => undefined)
    const code = sync?.progress.fault?.code
    if (code !== undefined && faults.at(-1)?.code !== code) faults.push({ code, ms: performance.now() - began })
    if (sync !== undefined && finished(sync)) return { sync, faults, seconds: (performance.now() - began) / 1000 }
    await delay(100)
  }
}

const tell = (faults: Awaited<ReturnType<typeof watch>>['faults']) =>
  faults.map(({ code, ms }) => `${code} after ${(ms / 1000).toFixed(1)} s`).join(', ') || 'none'

t.test('a download that runs while all descriptors are gone for 10 s logs that within 2 s, and succeeds', async (t) => {
  const { emulator, service, poll } = await aWorld(t)
  const begun = new Promise<void>((resolve) => {
    emulator.onCall(({ kind }) => {
      if (kind === 'values.batchGet') resolve()
    })
  })
  const { id } = await startSync(service.url, { spreadsheet: ID, formats: ['json', 'ndjson'] })
  await poll(id)
  await begun
  const taken = Date.now()
  const giveBack = takeAll(service)
  setTimeout(giveBack, EATEN_MS)
  const { sync, faults, seconds } = await watch(poll, id)
  t.match(sync, { state: 'succeeded', attempt: 1, consistent: true, tabs: [{ rows: ROWS - 1 }] })
  // On files the status cannot be written either, so only the log can tell. Blocks come once in a second or two.
  const times = (pattern: RegExp) => Number(pattern.exec(service.output())?.[1])
  const toldMs = times(/"time":(\d+)[^\n]*"fault":"STORAGE_BUSY"/) - taken
  t.ok(toldMs < 4000, 'it was told')
  t.comment(`${sync.state} after ${seconds.toFixed(1)} s; logged after ${toldMs} ms; told: ${tell(faults)}`)
})

t.test('a sync that begins while there are none, with all that it has to load and start, succeeds', async (t) => {
  const { service, poll } = await aWorld(t)
  const { id } = await startSync(service.url, { spreadsheet: ID, formats: ['json'] })
  const giveBack = takeAll(service)
  setTimeout(giveBack, EATEN_MS)
  await delay(EATEN_MS)
  const { sync, faults, seconds } = await watch(poll, id)
  t.match(sync, { state: 'succeeded', tabs: [{ rows: ROWS - 1 }] })
  t.comment(
    `${sync.state} ${seconds.toFixed(1)} s after they were back; told: ${tell(faults)}; ${service.output().match(/EMFILE/g)?.length ?? 0} times in the log`,
  )
})

t.test('600 silent connections for 10 s do not end a running sync', async (t) => {
  const { service, poll } = await aWorld(t)
  const { id } = await startSync(service.url, { spreadsheet: ID, formats: ['json'] })
  await poll(id)
  const leave = connectSilently(service)
  setTimeout(leave, EATEN_MS)
  const { sync, faults, seconds } = await watch(poll, id)
  t.match(sync, { state: 'succeeded', tabs: [{ rows: ROWS - 1 }] })
  t.ok(service.isAlive)
  t.comment(`${sync.state} after ${seconds.toFixed(1)} s; told: ${tell(faults)}`)
})
