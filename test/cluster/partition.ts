import { readdir } from 'node:fs/promises'
import t from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import { anOwnServer } from '../support/own-servers.ts'
import { isThere } from '../support/queue-servers.ts'
import {
  aDirectory,
  anEmulator,
  aServiceProcess,
  environmentFor,
  finished,
  getSync,
  pollUntil,
  startSync,
} from '../support/service.ts'
import { aNetworkHost, whyNoNetworkHosts } from './support/network-host.ts'

const ID = '1Partition-0123456789_abcdefghijklmnopqrstuv'
const ROWS = 20_000

for (const kind of ['redis', 'postgres'] as const) {
  const skip = (await isThere(kind)) ? await whyNoNetworkHosts() : `no ${kind} here`
  t.test(`a worker that the network cuts off from ${kind}`, { skip, timeout: 240_000 }, async (t) => {
    const host = await aNetworkHost(t)
    const server = await anOwnServer(t, kind, host.gateway)
    const tab = syntheticTab({ gid: 0, title: 'Many', rows: ROWS, columns: 10, kind: 'mixed' })
    const emulator = await anEmulator(t, {
      workbooks: [{ id: ID, title: 'Fenced', tabs: [tab] }],
      latency: { baseMs: 2000 },
      host: '0.0.0.0',
    })
    const directory = await aDirectory(t)
    const environmentOf = (address: string) => ({
      ...environmentFor(directory),
      STORAGE_URL: server.urlAt(address),
      GOOGLE_API_ROOT_URL: `http://${address}:${new URL(emulator.rootUrl).port}/`,
    })
    const api = await aServiceProcess(t, { ...environmentOf('127.0.0.1'), ROLE: 'api' })
    const far = await host.start(t, { ...environmentOf(host.gateway), ROLE: 'worker' })
    const { id } = await startSync(api.url, { spreadsheet: ID, formats: ['ndjson'] })
    await pollUntil(api.url, id, (sync) => sync.progress.phase === 'downloading')
    await host.cut()
    const cutAt = performance.now()

    await t.test('is replaced within 60 s, and publishes nothing when it is joined again', async (t) => {
      const near = await aServiceProcess(t, { ...environmentOf('127.0.0.1'), ROLE: 'worker' })
      const taken = await pollUntil(api.url, id, (sync) => sync.attempt === 2)
      const seconds = (performance.now() - cutAt) / 1000
      t.ok(seconds < 60, `taken over after ${seconds.toFixed(1)} s`)
      t.equal(taken.state, 'running')
      await host.join()
      const done = await pollUntil(api.url, id, finished)
      t.match(done, { state: 'succeeded', attempt: 2, tabs: [{ rows: ROWS - 1 }] })
      const text = await (await fetch(`${api.url}/spreadsheets/${ID}/tabs/Many?format=ndjson`)).text()
      t.equal(text.trimEnd().split('\n').length, ROWS - 1)
      t.same(await readdir(`${directory}/snapshots/${ID}`), [id], 'one snapshot')
      t.equal(await near.end('SIGTERM'), 0)
      t.same(await getSync(api.url, id), done, 'nobody has changed it since')
    })

    await t.test('works again by itself', async (t) => {
      const next = await startSync(api.url, { spreadsheet: ID, ifActive: 'start' })
      await pollUntil(api.url, next.id, (sync) => sync.state === 'running')
      t.equal((await getSync(api.url, next.id)).attempt, 1)
    })

    await t.test('stops within 10 s when it is asked to while it is cut off', async (t) => {
      await host.cut()
      const before = performance.now()
      t.equal(await far.end('SIGTERM'), 0)
      const seconds = (performance.now() - before) / 1000
      t.ok(seconds < 10, `stopped after ${seconds.toFixed(1)} s`)
    })
  })
}
