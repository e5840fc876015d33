import dns from 'node:dns'
import { readFile, writeFile } from 'node:fs/promises'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { compose } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import {
  aDirectory,
  anEmulator,
  aService,
  environmentFor,
  finished,
  getSync,
  pollUntil,
  startSync,
} from '../support/service.ts'

const ID = '1Upstream-0123456789_abcdefghijklmnopqrstuvw'
const workbook: Workbook = { id: ID, title: 'Book', tabs: [tabFromRows(0, 'Orders', [['A'], [1]])] }

/** The service in this process, with what it logs. */
async function aLoggedService(t: Test, environment: Record<string, string>) {
  const directory = await aDirectory(t)
  const lines: { readonly level: number; readonly msg: string; readonly fault?: string }[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) })
  const service = await compose(readConfig({ ...environmentFor(directory), ...environment }), log)
  t.teardown(() => service.close())
  return { url: await service.start(), directory, lines }
}

/** Polls until something hinders the sync; how long that took. */
async function hindered(url: string, id: string): Promise<{ sync: SyncView; tookMs: number }> {
  const before = performance.now()
  const sync = await pollUntil(url, id, ({ progress, finishedAt }) => progress.fault !== null || finishedAt !== null)
  return { sync, tookMs: performance.now() - before }
}

t.test('what hinders a sync is in its status, its file, its events and the log, until it does no more', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  emulator.fail({ on: { kind: 'spreadsheets.get', times: 'always' }, do: { status: 500 } })
  const { url, directory, lines } = await aLoggedService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const { id } = await startSync(url, { spreadsheet: ID })
  const { sync, tookMs } = await hindered(url, id)
  t.ok(tookMs < 2000, `within ${Math.round(tookMs)} ms`)
  const fault = { code: 'GOOGLE_UNAVAILABLE', detail: /status 500.*Internal error encountered/, since: String }
  t.match(sync, { state: 'running', progress: { fault } })
  const stored = JSON.parse(await readFile(`${directory}/sync-status/${id}.json`, 'utf8')) as SyncView
  t.match(stored.progress, { fault }, 'the file')
  const events = new AbortController()
  const stream = await fetch(`${url}/syncs/${id}/events`, { signal: events.signal })
  const first = await stream.body?.getReader().read()
  t.match(new TextDecoder().decode(first?.value), /"fault":\{"code":"GOOGLE_UNAVAILABLE"/, 'the events')
  events.abort()
  const later = await pollUntil(url, id, ({ progress }) => (progress.fault?.tries ?? 0) >= 3)
  t.equal(later.progress.fault?.since, sync.progress.fault?.since)
  t.ok(later.revision < 30, `revision ${later.revision}`)
  emulator.clearFaults()
  const done = await pollUntil(url, id, finished)
  t.match(done, { state: 'succeeded', progress: { fault: null } })
  const told = lines.filter(({ msg, level }) => level >= 40 || /hinders/.test(msg))
  t.match(told, [
    { level: 40, fault: 'GOOGLE_UNAVAILABLE', msg: /status 500/ },
    { level: 30, fault: 'GOOGLE_UNAVAILABLE', msg: /nothing hinders/ },
  ])
  t.equal(told.length, 2, 'a line for each change, not for each try')
})

t.test('a sync whose time is over tells what hindered it', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  emulator.fail({ on: { kind: 'spreadsheets.get', times: 'always' }, do: { status: 500 } })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, SYNC_DEADLINE: '3s' })
  const { id } = await startSync(url, { spreadsheet: ID })
  const { error, progress } = await pollUntil(url, id, finished)
  t.match(error, { code: 'SYNC_DEADLINE_EXCEEDED', detail: /status 500.*Internal error.*GOOGLE_UNAVAILABLE/ })
  t.equal(progress.fault, null)
})

t.test('four syncs that Google answers with 500 do not hold up a fifth', async (t) => {
  const ill = Array.from({ length: 4 }, (_, at) => ({ ...workbook, id: `ill-${at}` }))
  const emulator = await anEmulator(t, { workbooks: [workbook, ...ill] })
  for (const { id: spreadsheetId } of ill) {
    emulator.fail({ on: { spreadsheetId, kind: 'spreadsheets.get', times: 'always' }, do: { status: 500 } })
  }
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, SYNC_CONCURRENCY: '4' })
  const held = await Promise.all(ill.map(({ id }) => startSync(url, { spreadsheet: id })))
  for (const { id } of held) await hindered(url, id)
  const before = performance.now()
  const { id } = await startSync(url, { spreadsheet: ID })
  t.match(await pollUntil(url, id, finished), { state: 'succeeded' })
  const tookMs = performance.now() - before
  t.ok(tookMs < 20_000, `after ${Math.round(tookMs)} ms`)
  for (const { id } of held)
    t.match(await getSync(url, id), { state: 'running', progress: { fault: { tries: Number } } })
})

t.test('a sync that waits for the quota tells it by fault and time', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  emulator.fail({
    on: { kind: 'spreadsheets.get', times: 'always' },
    do: { status: 429, headers: { 'retry-after': '9' } },
  })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const { id } = await startSync(url, { spreadsheet: ID })
  const { sync, tookMs } = await hindered(url, id)
  t.ok(tookMs < 2000)
  const { fault, waitingUntil } = sync.progress
  t.match(fault, { code: 'GOOGLE_QUOTA_EXCEEDED', detail: /Quota exceeded/ })
  t.type(waitingUntil, 'string')
  await fetch(`${url}/syncs/${id}/cancel`, { method: 'POST' })
  t.match(await pollUntil(url, id, finished), { state: 'cancelled', progress: { fault: null, waitingUntil: null } })
})

t.test('a sync that Google has refused tells when it tries again, also in a short pause', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  emulator.fail({ on: { kind: 'spreadsheets.get' }, do: { status: 429 } })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const { id } = await startSync(url, { spreadsheet: ID })
  const { progress } = await pollUntil(url, id, (sync) => sync.progress.waitingUntil !== null || finished(sync))
  t.match(progress.fault, { code: 'GOOGLE_QUOTA_EXCEEDED', tries: 1, nextTryAt: progress.waitingUntil })
  t.type(progress.waitingUntil, 'string')
})

t.test('a sync that waits for another one to try whether Google still refuses tells it, too', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook, { ...workbook, id: 'refused' }] })
  const on = { spreadsheetId: 'refused', kind: 'spreadsheets.get' } as const
  emulator.fail({ on, do: { status: 429 } })
  emulator.fail({ on: { ...on, nth: 2, times: 'always' }, do: { kind: 'hang' } })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const refused = await startSync(url, { spreadsheet: 'refused' })
  await pollUntil(url, refused.id, () => emulator.count('spreadsheets.get') >= 2)
  const { id } = await startSync(url, { spreadsheet: ID })
  const { sync, tookMs } = await hindered(url, id)
  t.ok(tookMs < 2500, `within ${Math.round(tookMs)} ms`)
  t.match(sync.progress.fault, { code: 'GOOGLE_QUOTA_EXCEEDED', tries: 0 })
})

t.test('a token endpoint that takes the connection and never answers is told of within two seconds', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook], requireAuth: true })
  emulator.fail({ on: { kind: 'token', times: 'always' }, do: { kind: 'hang' } })
  const path = `${await aDirectory(t)}/key.json`
  await writeFile(path, JSON.stringify(emulator.serviceAccountKey()))
  const { url } = await aService(t, {
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    GOOGLE_APPLICATION_CREDENTIALS: path,
  })
  const called = new Promise<void>((resolve) => emulator.onCall(() => resolve()))
  const { id } = await startSync(url, { spreadsheet: ID })
  await called
  const { sync, tookMs } = await hindered(url, id)
  t.ok(tookMs < 2500, `within ${Math.round(tookMs)} ms`)
  t.match(sync.progress.fault, { code: 'GOOGLE_UNAVAILABLE', detail: /sign-in has not answered/ })
  await fetch(`${url}/syncs/${id}/cancel`, { method: 'POST' })
  t.match(await pollUntil(url, id, finished), { state: 'cancelled' })
})

for (const host of ['token', 'api'] as const) {
  t.test(`names that do not resolve for a while are a fault of the network: ${host}`, async (t) => {
    const emulator = await anEmulator(t, { workbooks: [workbook], requireAuth: true })
    const { lookup } = dns
    let failures = 0
    t.teardown(() => {
      dns.lookup = lookup
    })
    // Addresses are looked up by whoever connects; the first answers are what a resolver says that cannot reach any server.
    dns.lookup = ((name: string, options: object, callback: (error: Error | null, ...found: unknown[]) => void) => {
      if (name !== 'upstream.test') return lookup(name, options, callback as never)
      failures += 1
      if (failures > 2) return lookup('127.0.0.1', options, callback as never)
      callback(Object.assign(new Error(`getaddrinfo EAI_AGAIN ${name}`), { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }))
    }) as typeof dns.lookup
    const named = (url: string) => url.replace('127.0.0.1', 'upstream.test')
    const key = emulator.serviceAccountKey()
    const path = `${await aDirectory(t)}/key.json`
    const tokenUrl = host === 'token' ? named(emulator.tokenUrl) : emulator.tokenUrl
    await writeFile(path, JSON.stringify({ ...key, token_uri: tokenUrl }))
    const { url } = await aService(t, {
      GOOGLE_API_ROOT_URL: host === 'api' ? named(emulator.rootUrl) : emulator.rootUrl,
      GOOGLE_APPLICATION_CREDENTIALS: path,
    })
    const { id } = await startSync(url, { spreadsheet: ID })
    const { sync } = await hindered(url, id)
    t.match(sync.progress.fault, { code: 'GOOGLE_UNREACHABLE', detail: /EAI_AGAIN/ })
    t.match(await pollUntil(url, id, finished), { state: 'succeeded', progress: { fault: null } })
    t.ok(failures > 2)
  })
}
