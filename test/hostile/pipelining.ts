import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { anEmulator, finished, pollUntil, startSync } from '../support/service.ts'
import { aConfinedService } from './support/confined-service.ts'

const ID = '1PipeliningOfTheTests-0123456789_abcdefghijk'
const ROWS = Array.from({ length: 20_000 }, (_, row) => [row, 'x'.repeat(100)])
const CONNECTIONS = 20
const REQUESTS = 1500
const MOST_GROWTH_MB = 100

/** One service for all: with a snapshot of 2 MB, and what of it anybody may ask for again and again. */
async function aServiceWithRows() {
  const emulator = await anEmulator(t, {
    workbooks: [{ id: ID, title: 'Pipelining', tabs: [tabFromRows(0, 'A', ROWS)] }],
  })
  const service = await aConfinedService(t, { environment: { GOOGLE_API_ROOT_URL: emulator.rootUrl } })
  const { id } = await startSync(service.url, { spreadsheet: ID, formats: ['json'] })
  const sync = await pollUntil(service.url, id, finished)
  const file = sync.tabs[0]?.files[0]
  if (file === undefined) throw new Error(`the sync ${sync.state}`)
  const documents = ['/openapi.json', '/docs/json', '/docs/', '/docs/static/swagger-ui-bundle.js']
  return { service, paths: [...documents, '/syncs', `/spreadsheets/${ID}/tabs/A`, file.href] }
}

const { service, paths } = await aServiceWithRows()
const url = new URL(service.url)

function aSilentReader(): Socket {
  const socket = connect(Number(url.port), url.hostname)
  socket.on('error', () => undefined)
  return socket.pause()
}

t.test('thousands of requests that are sent ahead and never read cost next to nothing', async (t) => {
  for (const path of paths) await (await fetch(new URL(path, url))).arrayBuffer()
  for (const path of paths) {
    const before = await service.memoryMb()
    service.resetPeak()
    const readers = Array.from({ length: CONNECTIONS }, () => aSilentReader())
    for (const [index, reader] of readers.entries()) {
      // Half of them stay within what is answered on one connection, as an attacker would who knows it.
      reader.write(`GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`.repeat(index % 2 === 0 ? REQUESTS : 16))
    }
    let slowest = 0
    for (let poll = 0; poll < 5; poll += 1) {
      const began = performance.now()
      const answer = await fetch(new URL('/syncs', url))
      if (answer.status !== 200) throw new Error(`a poll was answered with ${answer.status}`)
      await answer.arrayBuffer()
      slowest = Math.max(slowest, performance.now() - began)
      await delay(50)
    }
    const grown = (await service.peakMb()) - before
    for (const reader of readers) reader.destroy()
    t.ok(service.isAlive && grown < MOST_GROWTH_MB, path)
    t.comment(`${path}: + ${grown.toFixed(0)} MB, others are answered within ${slowest.toFixed(0)} ms`)
  }
})

t.test('a few requests that are sent ahead are all answered, in order, files included', async (t) => {
  const { host } = url
  const socket = connect(Number(url.port), url.hostname)
  const asked = [...paths, '/livez', '/nothing']
  socket.write(asked.map((path) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`).join(''))
  socket.write(`GET /readyz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  const answers = await text(socket)
  const single = await Promise.all([...asked, '/readyz'].map(async (path) => (await fetch(new URL(path, url))).status))
  const statuses = [...answers.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status))
  t.same(statuses, single)
})
