import { readdir } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { anEmulator, finished, pollUntil, startSync } from '../support/service.ts'
import { aConfinedService } from './support/confined-service.ts'

const ID = '1ConnectionsOfTheTests-0123456789_abcdefghij'
const SILENT = 600
const DESCRIPTORS = 256
const TABS = Array.from({ length: 60 }, (_, gid) => tabFromRows(gid, `Tab ${gid}`, [['A'], [gid]]))

t.test(
  `${SILENT} silent connections at ${DESCRIPTORS} descriptors stop neither the running sync nor anybody's polls`,
  async (t) => {
    const emulator = await anEmulator(t, { workbooks: [{ id: ID, title: 'Connections', tabs: TABS }] })
    const service = await aConfinedService(t, {
      descriptors: DESCRIPTORS,
      environment: { GOOGLE_API_ROOT_URL: emulator.rootUrl },
    })
    const url = new URL(service.url)
    const release = Promise.withResolvers<void>()
    emulator.onCall(() => release.promise)
    const { id } = await startSync(service.url, { spreadsheet: ID })
    await pollUntil(service.url, id, (sync) => sync.state === 'running')

    const silent = new Set<Socket>()
    t.teardown(() => {
      for (const socket of silent) socket.destroy()
    })
    const open = () => {
      const socket = connect(Number(url.port), url.hostname)
      socket.on('error', () => undefined).once('close', () => silent.delete(socket))
      silent.add(socket)
    }
    for (let index = 0; index < SILENT; index += 1) open()
    // One who is beside them, at the same address, and one who comes from another.
    let slowest = 0
    for (const from of ['127.0.0.1', '127.0.0.2', '127.0.0.1', '127.0.0.2']) {
      t.equal((await poll(from)).state, 'running', from)
    }
    const descriptors = (await readdir(`/proc/${service.pid}/fd`)).length
    t.ok(descriptors < DESCRIPTORS - 64, 'there is a reserve')

    // From here on whoever is closed comes back at once.
    const more = setInterval(() => {
      for (let index = silent.size; index < SILENT; index += 1) open()
    }, 100)
    t.teardown(() => clearInterval(more))
    release.resolve()
    let sync = await poll('127.0.0.2')
    while (!finished(sync)) {
      await delay(50)
      sync = await poll('127.0.0.2')
    }
    t.match(sync, { state: 'succeeded', error: null })
    t.notMatch(service.output(), /EMFILE/)
    t.comment(`${descriptors} descriptors of ${DESCRIPTORS}, polls are answered within ${slowest.toFixed(0)} ms`)

    async function poll(localAddress: string): Promise<SyncView> {
      const began = performance.now()
      const agent = new Agent({ localAddress })
      const answer = await new Promise<SyncView>((resolve, reject) => {
        get(`${service.url}/syncs/${id}`, { agent }, (response) => resolve(json(response) as Promise<SyncView>)).on(
          'error',
          reject,
        )
      })
      agent.destroy()
      slowest = Math.max(slowest, performance.now() - began)
      return answer
    }
  },
)
