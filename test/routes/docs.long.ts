import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { SAMPLE_SPREADSHEET_ID, type SyncRequestInput } from '../../src/model/sync-request.ts'
import { ApiClient } from '../support/callers.ts'
import { aDirectory, anEmulator, aService, finished, pollUntil, ROOT, startSync } from '../support/service.ts'
import type { OpenApi } from './openapi-examples.ts'

const run = promisify(execFile)

const noBrowser = await run('chromium', ['--version']).then(
  () => false,
  (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return 'Chromium is not installed'
  },
)

t.test('a browser shows every operation and complains of nothing', { skip: noBrowser }, async (t) => {
  const { url } = await aService(t, {})
  const profile = await aDirectory(t)
  const options = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    `--user-data-dir=${profile}`,
    '--virtual-time-budget=9000',
  ]
  const { stdout, stderr } = await run(
    'chromium',
    [...options, '--enable-logging=stderr', '--log-level=0', '--dump-dom', `${url}/docs`],
    { maxBuffer: 64 * 1024 * 1024 },
  )
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi
  const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId))
  for (const id of ids) t.ok(stdout.includes(`-${id}"`), `${id} is on the page`)
  t.notMatch(stderr, /:CONSOLE:/, 'the console is empty')
})

t.test('the examples of the document run as they stand', async (t) => {
  const emulator = await anEmulator(t, { folder: `${ROOT}emulator/workbooks` })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi
  const examplesOf = (name: string) => document.components.schemas[name]?.examples ?? []
  t.ok(examplesOf('SyncRequestBody').length >= 2)
  for (const example of examplesOf('SyncRequestBody')) {
    const { id } = await startSync(url, example as SyncRequestInput)
    t.match(await pollUntil(url, id, finished), { state: 'succeeded' }, JSON.stringify(example))
  }
  // The second one has all as text.
  const { id } = await startSync(url, examplesOf('SyncRequestBody')[0] as SyncRequestInput)
  await pollUntil(url, id, finished)
  const spreadsheet = `/spreadsheets/${SAMPLE_SPREADSHEET_ID}`
  t.ok(examplesOf('QueryRequest').length >= 2)
  for (const example of examplesOf('QueryRequest')) {
    const answer = await new ApiClient(url).send('POST', `${spreadsheet}/query`, example)
    const { rows } = (await answer.json()) as { rows: unknown[] }
    t.ok(rows.length > 0, JSON.stringify(example))
  }
  for (const end of ['', '/rows', '/schema']) {
    const path = `/spreadsheets/{spreadsheetId}/tabs/{tab}${end}`
    const parameters = document.paths[path]?.get?.parameters ?? []
    const filled = parameters.reduce(
      (text, { name, example, schema }) =>
        text.replace(`{${name}}`, encodeURIComponent(example ?? schema?.example ?? '')),
      path,
    )
    t.equal((await fetch(`${url}${filled}`)).status, 200, `GET ${filled}`)
    if (end !== '/rows') continue
    // A cursor of somebody else and an offset are for other questions.
    const query = parameters.flatMap(({ name, schema }) =>
      ['select', 'where', 'param', 'order', 'limit', 'count'].includes(name)
        ? [schema?.examples?.[0] ?? []].flat().map((value): [string, string] => [name, String(value)])
        : [],
    )
    const { rows } = (await (await fetch(`${url}${filled}?${new URLSearchParams(query)}`)).json()) as {
      rows: unknown[]
    }
    t.ok(rows.length > 0, 'all examples of getRows together')
  }
})
