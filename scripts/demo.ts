import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Emulator, startEmulator } from '../emulator/emulator.ts'
import { syntheticTab } from '../emulator/workbook.ts'
import { loadWorkbooks } from '../emulator/workbook-files.ts'
import type { SyncView } from '../src/model/sync-view.ts'
import { onStopRequest } from '../src/stop-request.ts'

// The main job, whole and on this machine alone: an emulated Google, the real service, one sync, its rows.
const { values: options } = parseArgs({ options: { keep: { type: 'boolean', default: false } } })
const root = fileURLToPath(new URL('..', import.meta.url))
const dataDirectory = `${root}data/demo`

const [workbook] = await loadWorkbooks(`${root}emulator/workbooks`)
if (workbook === undefined) throw new Error('there is no workbook to show')
// Large enough that there is a progress to be seen.
const readings = syntheticTab({ gid: 700_100, title: 'Readings', rows: 120_000, columns: 10, kind: 'mixed' })
const emulator = await startEmulator({
  workbooks: [{ ...workbook, tabs: [...workbook.tabs, readings] }],
  latency: { baseMs: 250, perCellUs: 4 },
})
const spreadsheet = workbook.id
let service: ChildProcess | undefined
try {
  await rm(dataDirectory, { recursive: true, force: true })
  await mkdir(dataDirectory, { recursive: true })
  const started = await startService(emulator)
  service = started.process
  await runDemo(started.url)
  if (options.keep) {
    say(`\nStill running for you at ${started.url}/docs; stop it with Ctrl-C.`)
    await new Promise<string>((resolve) => onStopRequest(process.env.npm_lifecycle_script, resolve))
  }
} finally {
  // The end of its channel is what asks the service to stop, on Windows too, where a signal kills.
  if (service?.connected) {
    const exited = once(service, 'exit')
    service.disconnect()
    await exited
  }
  await emulator.close()
}

async function runDemo(url: string): Promise<void> {
  say(`An emulated Google Sheets answers at ${emulator.rootUrl}`)
  say(`Sheetsync answers at                 ${url}\n`)
  const body = { spreadsheet, formats: ['json', 'csv'] }
  say(`POST ${url}/syncs ${JSON.stringify(body)}`)
  const answer = await fetch(`${url}/syncs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  let sync = (await answer.json()) as SyncView
  say(`${answer.status} ${answer.headers.get('location')}\n`)
  while (sync.pollAfterMs !== null) {
    draw(sync)
    await delay(sync.pollAfterMs)
    sync = (await (await fetch(`${url}/syncs/${sync.id}`)).json()) as SyncView
  }
  draw(sync)
  say('')
  if (sync.state !== 'succeeded') throw new Error(`the demo sync ${sync.state}: ${JSON.stringify(sync.error)}`)

  const folder = `data/demo/snapshots/${sync.spreadsheet.id}/${sync.id}`
  say(`\n${sync.spreadsheet.title}: ${sync.progress.cellsDone} cells in ${sync.progress.apiCalls} calls to Google.`)
  say(`Files written to ${folder}/`)
  for (const { name, bytes } of sync.tabs.flatMap((tab) => tab.files))
    say(`  ${String(bytes).padStart(9)} bytes  ${name}`)
  for (const { message } of sync.warnings) say(`  note: ${message}`)
  await showRows(url, sync)
  say('\nWhere to look:')
  say(`  page    ${url}/`)
  say(`  docs    ${url}/docs`)
  say(`  sync    ${url}/syncs/${sync.id}`)
  say(`  files   ${url}/syncs/${sync.id}/files`)
  say(`  rows    ${url}/spreadsheets/${sync.spreadsheet.id}/tabs/gid:0`)
  say(`  status  data/demo/sync-status/${sync.id}.json`)
  if (!options.keep) say('The demo has stopped its service; "npm run demo -- --keep" leaves it running.')
}

async function showRows(url: string, sync: SyncView): Promise<void> {
  const first = sync.tabs.find((tab) => tab.rows > 0)
  if (first === undefined) return
  const href = `/spreadsheets/${sync.spreadsheet.id}/tabs/${encodeURIComponent(first.title)}`
  const rows = (await (await fetch(`${url}${href}`)).json()) as unknown[]
  say(`\nGET ${href}: ${rows.length} rows, the first of them`)
  for (const row of rows.slice(0, 3)) say(`  ${JSON.stringify(row)}`)
}

async function startService(google: Emulator): Promise<{ process: ChildProcess; url: string }> {
  const child = fork(`${root}src/server.ts`, {
    env: {
      PATH: process.env.PATH ?? '',
      PORT: '0',
      GOOGLE_API_ROOT_URL: google.rootUrl,
      GOOGLE_READS_PER_MINUTE: '300',
      STORAGE_URL: `file:${dataDirectory}/sync-status`,
      SNAPSHOT_URL: `file:${dataDirectory}/snapshots`,
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const output = child.stdout as Readable
  for await (const line of createInterface({ input: output })) {
    const address = /"Sheetsync answers at (http[^"]+)"/.exec(line)?.[1]
    if (address !== undefined) {
      // Nobody reads the log from here on, and a full pipe would hold the service.
      output.resume()
      return { process: child, url: address }
    }
  }
  throw new Error('the service ended before it listened; its reason stands above')
}

function draw(sync: SyncView): void {
  const { percent, phase, rowsDone, tabsDone, tabsTotal } = sync.progress
  const filled = Math.round(percent / 2.5)
  const bar = `[${'█'.repeat(filled)}${'·'.repeat(40 - filled)}]`
  const line = `${bar} ${percent.toFixed(0).padStart(3)} %  ${sync.state}: ${phase}, ${tabsDone}/${tabsTotal ?? '?'} tabs, ${rowsDone} rows`
  process.stdout.write(process.stdout.isTTY ? `\r\u001b[2K${line}` : `${line}\n`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
