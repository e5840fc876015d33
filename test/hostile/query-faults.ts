import { spawnSync } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { childrenOf, memoryMb } from '../support/child-processes.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor } from '../support/service.ts'

const BOOK = 'book-0123456789_abcdefghijklmnopqrstuvwxyz'
const ROWS = `/spreadsheets/${BOOK}/tabs/gid:0/rows`
const QUERY = `/spreadsheets/${BOOK}/query`
/** Goes on until it is stopped, and stops when it is interrupted. */
const ENDLESS = { sql: 'SELECT count(*) FROM range(1000000) a, range(1000000) b' }
/** Does not stop when it is interrupted. */
const DEAF = { sql: "SELECT levenshtein(repeat('a', 200000), repeat('b', 200000))" }

/** A service process with the rows of one tab, and two keys that may see them. */
async function aWorld(t: Test, environment: Record<string, string> = {}, rows = 5000) {
  const tabs = [syntheticTab({ gid: 0, title: 'Data', rows, columns: 6, kind: 'mixed' })]
  const emulator = await anEmulator(t, { workbooks: [{ id: BOOK, title: 'Book', tabs }] })
  const { setting, keys } = someKeys({ ann: ['read', 'write'], ben: ['read', 'write'] })
  const directory = await aDirectory(t)
  const settings = { ...environmentFor(directory), GOOGLE_API_ROOT_URL: emulator.rootUrl, API_KEYS: setting }
  const service = await aServiceProcess(t, { ...settings, RATE_LIMIT: 'off', ...environment })
  const [ann, ben] = [new ApiClient(service.url, keys.ann), new ApiClient(service.url, keys.ben)]
  for (const client of [ann, ben]) t.equal((await client.sync({ spreadsheet: BOOK })).state, 'succeeded')
  return { service, ann, ben, keys, directory, settings, pid: service.process.pid ?? 0 }
}

const isGone = async (pid: number) => (await memoryMb(pid, 'VmRSS')) === undefined

t.test('an engine that is killed in mid-question costs that question alone', async (t) => {
  const { ann, pid } = await aWorld(t, { QUERY_PROCESSES: '1' })
  t.equal(await ann.status('GET', ROWS), 200)
  const asked = ann.send('POST', QUERY, ENDLESS)
  await delay(500)
  for (const child of await childrenOf(pid)) process.kill(child, 'SIGKILL')
  const answer = await asked
  t.equal(answer.status, 503)
  t.match(await answer.json(), { code: 'QUERY_ENGINE_FAILED', retryable: true })
  t.equal(await ann.status('GET', ROWS), 200, 'the next one is answered')
})

for (const [name, body] of [
  ['stops when it is interrupted', ENDLESS],
  ['does not', DEAF],
] as const) {
  t.test(
    `SIGTERM with a question under way that ${name}: the service ends in time, and its engines with it`,
    async (t) => {
      const { ann, service, pid } = await aWorld(t, { QUERY_TIME_LIMIT: '60s' })
      t.equal(await ann.status('GET', ROWS), 200)
      const asked = Array.from({ length: 8 }, () => ann.send('POST', QUERY, body).then(({ status }) => status, String))
      await delay(500)
      const engines = await childrenOf(pid)
      t.ok(engines.length > 0)
      const began = performance.now()
      t.equal(await service.end('SIGTERM'), 0)
      const took = performance.now() - began
      t.comment(`ended after ${Math.round(took)} ms; the questions: ${await Promise.all(asked)}`)
      t.ok(took < 3000, 'soon after the second and a half that questions are given')
      for (const engine of engines) t.ok(await isGone(engine), 'no engine is left')
    },
  )
}

t.test('SIGKILL of the service ends its engines, those too that are in a question', async (t) => {
  const { ann, service, pid } = await aWorld(t, { QUERY_TIME_LIMIT: '2s' })
  await Promise.all([ann.status('GET', ROWS), ann.status('GET', ROWS)])
  const asked = Promise.allSettled([ENDLESS, DEAF].map((body) => ann.send('POST', QUERY, body)))
  await delay(500)
  const engines = await childrenOf(pid)
  t.ok(engines.length > 0)
  const began = performance.now()
  await service.end('SIGKILL')
  await asked
  for (const engine of engines) while (!(await isGone(engine))) await delay(20)
  t.comment(`${engines.length} engines were gone after ${Math.round(performance.now() - began)} ms`)
  t.ok(performance.now() - began < 10_000)
})

t.test(
  'one owner floods the engine: another is answered soon, and what is too much is refused with Retry-After',
  async (t) => {
    const { ann, ben } = await aWorld(t, { QUERY_PROCESSES: '1', QUERY_TIME_LIMIT: '500ms' })
    while ((await ben.status('GET', ROWS)) !== 200);
    const flood = Array.from({ length: 300 }, async () => {
      const answer = await ann.send('POST', QUERY, ENDLESS)
      const text = await answer.text()
      if (answer.status === 503) t.match(answer.headers.get('retry-after'), /^\d+$/)
      return answer.status === 503 ? (JSON.parse(text) as { code: string }).code : String(answer.status)
    })
    await delay(500)
    const began = performance.now()
    let status = 0
    while (status !== 200) status = await ben.status('GET', ROWS)
    t.comment(`the other owner was answered after ${Math.round(performance.now() - began)} ms`)
    t.ok(performance.now() - began < 10_000)
    const outcomes = await Promise.all(flood)
    t.ok(outcomes.includes('QUERY_ENGINE_BUSY'))
    t.same([...new Set(outcomes)].sort(), ['422', 'QUERY_ENGINE_BUSY'])
  },
)

t.test('a client that goes away in mid-question frees the engine', async (t) => {
  const { ann, keys, service } = await aWorld(t, { QUERY_PROCESSES: '1', QUERY_TIME_LIMIT: '60s' })
  t.equal(await ann.status('GET', ROWS), 200)
  for (const body of [ENDLESS, DEAF]) {
    const signal = AbortSignal.timeout(500)
    const headers = { authorization: `Bearer ${keys.ann}`, 'content-type': 'application/json' }
    const request = { method: 'POST', headers, body: JSON.stringify(body), signal }
    await t.rejects(fetch(`${service.url}${QUERY}`, request))
    const began = performance.now()
    t.equal(await ann.status('GET', `${ROWS}?limit=3`), 200)
    t.comment(`the next question was answered after ${Math.round(performance.now() - began)} ms`)
    t.ok(performance.now() - began < 10_000)
  }
})

t.test('a full disk is told as such, leaves nothing behind, and everything else goes on', async (t) => {
  const disk = await aDirectory(t)
  await mkdir(`${disk}/cache`)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', `${disk}/cache`])
  if (status !== 0) return t.comment('no small disk can be mounted here')
  t.teardown(() => spawnSync('umount', ['-l', `${disk}/cache`]))
  const { ann } = await aWorld(t, { QUERY_CACHE_URL: `file:${disk}/cache` }, 20_000)
  for (let time = 0; time < 2; time += 1) {
    const answer = await ann.send('GET', ROWS)
    t.match([answer.status, await answer.json()], [503, { code: 'STORAGE_FULL' }])
    t.same(await readdir(`${disk}/cache`), [])
  }
  t.equal(await ann.status('GET', `/spreadsheets/${BOOK}/tabs/gid:0`), 200)
  spawnSync('mount', ['-o', 'remount,size=100m', `${disk}/cache`])
  t.equal(await ann.status('GET', ROWS), 200, 'it recovers unaided')
})

t.test('two services share a cache that holds one table at a time, under load', async (t) => {
  const first = await aWorld(t, { QUERY_CACHE_BYTES: '1KB' })
  const other = await aServiceProcess(t, { ...first.settings, QUERY_CACHE_BYTES: '1KB' })
  const clients = [first.ann, new ApiClient(other.url, first.keys.ann)]
  const outcomes = new Map<number, number>()
  await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const status = (await clients[index % 2]?.status('GET', `${ROWS}?limit=${1 + (index % 7)}`)) ?? 0
      outcomes.set(status, (outcomes.get(status) ?? 0) + 1)
    }),
  )
  t.same([...outcomes], [[200, 60]])
})

t.test('1,000 clients that read large answers slowly cost the service little', { timeout: 120_000 }, async (t) => {
  const { ann, keys, service, pid, directory } = await aWorld(t)
  t.equal(await ann.status('GET', ROWS), 200)
  const before = (await memoryMb(pid, 'VmRSS')) ?? 0
  const { hostname, port } = new URL(service.url)
  const sockets = Array.from({ length: 1000 }, () => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    socket.write(`GET ${ROWS}?limit=4999 HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${keys.ann}\r\n\r\n`)
    socket.pause()
    return socket
  })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  await delay(15_000)
  const peak = (await memoryMb(pid, 'VmHWM')) ?? 0
  t.comment(`service: ${before.toFixed(0)} MB before, ${peak.toFixed(0)} MB at most`)
  // Of each connection one piece of 64 KB is in memory, and what the system has not taken of the one before.
  t.ok(peak - before < 160)
  t.equal((await fetch(`${service.url}/livez`)).status, 200)
  for (const socket of sockets) socket.destroy()
  const left = async () => (await readdir(`${directory}/query-cache`)).filter((name) => name.endsWith('.tmp'))
  for (let tries = 0; (await left()).length > 0 && tries < 100; tries += 1) await delay(100)
  t.same(await left(), [], 'and no file is left behind')
})
