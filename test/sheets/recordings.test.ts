import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { WorkerPool } from '../../src/concurrency/worker-pool.ts'
import { createDownloadJob } from '../../src/jobs/download-job.ts'
import { silentLog } from '../../src/ports/log.ts'
import { GoogleApi } from '../../src/sheets/google-api.ts'
import { GoogleSheets } from '../../src/sheets/google-sheets.ts'
import { ReadQuota } from '../../src/sheets/read-quota.ts'
import { BlockFiles } from '../../src/snapshots/formats/block-files.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { claimSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { oneAccount } from '../support/accounts.ts'
import { aLocalBudget } from '../support/local-read-budget.ts'
import { aDirectory } from '../support/service.ts'
import { aQueuedSync } from '../support/syncs.ts'

const FOLDER = join(import.meta.dirname, '../../../shared/google-recordings')

const cassette = z.object({
  interactions: z.array(
    z.object({
      request: z.object({ method: z.string(), uri: z.string() }),
      response: z.object({ status: z.object({ code: z.number() }), body: z.object({ string: z.string() }) }),
    }),
  ),
})
const valueRange = z.object({
  range: z.string(),
  majorDimension: z.string(),
  values: z.array(z.array(z.unknown())).optional(),
})
type ValueRange = z.output<typeof valueRange>
const spreadsheet = z.object({
  properties: z.object({ title: z.string(), timeZone: z.string(), locale: z.string() }),
  sheets: z.array(
    z.object({
      properties: z.object({
        sheetId: z.number(),
        title: z.string(),
        sheetType: z.string(),
        hidden: z.boolean().optional(),
        gridProperties: z.object({ rowCount: z.number(), columnCount: z.number() }),
      }),
    }),
  ),
})

/** What Google is to answer: bodies as they were recorded. */
interface Replay {
  describe: { status: number; body: string }
  file: { status: number; body: string }
  values: readonly ValueRange[]
}

const NOTHING = {
  status: 404,
  body: '{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}',
}

async function aReplay(t: Test): Promise<{ replay: Replay; source: GoogleApi }> {
  const replay: Replay = { describe: NOTHING, file: NOTHING, values: [] }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://replay')
    const answer = pathname.startsWith('/drive/')
      ? replay.file
      : pathname.endsWith('/values:batchGet')
        ? { status: 200, body: JSON.stringify({ spreadsheetId: 'recorded', valueRanges: replay.values }) }
        : replay.describe
    response.writeHead(answer.status, { 'content-type': 'application/json; charset=UTF-8' }).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const rootUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { replay, source: new GoogleApi({ rootUrl, clock: systemClock }) }
}

type Downloaded = (ranges: readonly ValueRange[], values: 'typed' | 'formatted' | 'formula') => Promise<unknown[][][]>

/** Runs whole downloads; what comes out is the rows of each range. */
async function aDownloader(t: Test, api: GoogleApi): Promise<Downloaded> {
  const snapshots = new LocalSnapshotStore({ directory: await aDirectory(t), kept: 1, log: silentLog })
  await snapshots.start()
  const quota = new ReadQuota({
    budget: aLocalBudget(1000, systemClock),
    clock: systemClock,
    log: silentLog,
  })
  const workers = new WorkerPool()
  const source = new GoogleSheets({ ...oneAccount(api, quota), workers, clock: systemClock, log: silentLog })
  const writer = new BlockFiles(workers)
  const job = createDownloadJob({ source, writer, snapshots, clock: systemClock, log: silentLog })
  t.teardown(async () => {
    await workers.close()
    await snapshots.close()
  })
  return async (ranges, values) => {
    const asked = ranges.map(({ range }) => range)
    const queued = aQueuedSync({ ranges: asked, headerRow: 0, values, dates: 'serial', formats: ['ndjson'] })
    const sync = claimSync(queued, 'test', new Date())
    const { report } = await job(sync, { signal: new AbortController().signal, report() {} })
    return Promise.all(
      (report.tabs ?? [])
        .flatMap((tab) => tab.files)
        .map(async ({ name }) => {
          let text = ''
          const file = await snapshots.openFile({ spreadsheetId: sync.spreadsheet.id, syncId: sync.id, name })
          for await (const chunk of file ?? []) text += String(chunk)
          return text === ''
            ? []
            : text
                .trimEnd()
                .split('\n')
                .map((line) => JSON.parse(line) as unknown[])
        }),
    )
  }
}

/** The rows that Google sent, as this service tells them: a blank is null, at the end of a short row too. */
function rowsOf({ values = [] }: ValueRange): unknown[][] {
  const rows = values.map((row) => row.map((cell) => (cell === '' ? null : cell)))
  const width = Math.max(0, ...rows.map((row) => row.findLastIndex((cell) => cell !== null) + 1))
  return rows.map((row) => Array.from({ length: width }, (_, column) => row[column] ?? null))
}

/** A description of the spreadsheet whose one tab is as large as what was recorded of it, for the recordings resize tabs. */
function describing(ranges: readonly ValueRange[], recorded: string): string {
  const known = spreadsheet.parse(JSON.parse(recorded))
  const [first] = known.sheets
  const title = /^(?:'((?:[^']|'')+)'|([^'!]+))!/.exec(ranges[0]?.range ?? '')
  const name = title?.[1]?.replaceAll("''", "'") ?? title?.[2] ?? first?.properties.title ?? ''
  const gridProperties = { rowCount: 1000, columnCount: 26 }
  return JSON.stringify({ ...known, sheets: [{ properties: { ...first?.properties, title: name, gridProperties } }] })
}

const skip = existsSync(FOLDER) ? false : 'no recordings of Google beside the checkout'
t.test('what Google was recorded to send comes out as it was sent', { skip }, async (t) => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
  t.ok(files.length > 0, 'there are recordings')
  const { replay, source } = await aReplay(t)
  const downloaded = await aDownloader(t, source)
  for (const file of files) {
    t.test(file.replace('.json', ''), async (t) => {
      const { interactions } = cassette.parse(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')))
      const call = { signal: new AbortController().signal, timeoutMs: 10_000, onSend() {} }
      let described = ''
      let read = 0
      for (const { request, response } of interactions) {
        const url = new URL(request.uri)
        const answer = { status: response.status.code, body: response.body.string }
        if (request.method !== 'GET' || url.pathname === '/drive/v3/files') continue
        read += 1
        const [, id = ''] = /\/(?:spreadsheets|files)\/([^/:]+)/.exec(url.pathname) ?? []
        const about = decodeURIComponent(`${url.pathname}${url.search}`)
        if (url.pathname.startsWith('/drive/')) {
          replay.file = answer
          t.equal(await source.version(id, call), undefined, `${about}: no version was asked for, so none is told`)
        } else if (answer.status !== 200) {
          replay.describe = answer
          const code = answer.status === 403 ? 'SHEET_FORBIDDEN' : 'SHEET_NOT_FOUND'
          await t.rejects(source.describe(id, call), { code, status: answer.status, hint: String }, about)
        } else if (/\/values(?::batchGet|\/)/.test(url.pathname)) {
          const body: unknown = JSON.parse(answer.body)
          const batch = z.object({ valueRanges: z.array(valueRange) }).safeParse(body)
          const ranges = batch.success ? batch.data.valueRanges : [valueRange.parse(body)]
          replay.values = ranges
          replay.describe = { status: 200, body: describing(ranges, described) }
          const render = url.searchParams.get('valueRenderOption')
          const values = render === 'UNFORMATTED_VALUE' ? 'typed' : render === 'FORMULA' ? 'formula' : 'formatted'
          t.same(await downloaded(ranges, values), ranges.map(rowsOf), about)
        } else {
          replay.describe = answer
          described = answer.body
          const { properties, sheets } = spreadsheet.parse(JSON.parse(answer.body))
          const tabs = sheets.map(({ properties: { sheetId, title, hidden, gridProperties } }) => ({
            gid: sheetId,
            title,
            hidden: hidden ?? false,
            grid: { rows: gridProperties.rowCount, columns: gridProperties.columnCount },
          }))
          t.match(await source.describe(id, call), { ...properties, tabs }, about)
        }
      }
      t.ok(read > 0, `${read} answers were read`)
    })
  }
})
