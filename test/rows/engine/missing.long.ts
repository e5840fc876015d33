import { cp, mkdir, readdir, symlink } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { syntheticTab } from '../../../emulator/workbook.ts'
import { ApiClient } from '../../support/callers.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor } from '../../support/service.ts'

const BOOK = 'book-0123456789_abcdefghijklmnopqrstuvwxyz'
const TAB = `/spreadsheets/${BOOK}/tabs/gid:0`
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** The service as npm installs it where DuckDB has no binary for the platform: all packages but that one. */
async function anInstallation(t: Test): Promise<string> {
  const directory = await aDirectory(t)
  const packages = `${directory}/node_modules`
  for (const part of ['src', 'web', 'client/src'])
    await cp(`${ROOT}${part}`, `${directory}/${part}`, { recursive: true })
  await cp(`${ROOT}package.json`, `${directory}/package.json`)
  await mkdir(`${packages}/@duckdb`, { recursive: true })
  for (const name of await readdir(`${ROOT}node_modules`)) {
    if (name !== '@duckdb' && !name.startsWith('.')) await symlink(`${ROOT}node_modules/${name}`, `${packages}/${name}`)
  }
  for (const name of ['node-api', 'node-bindings']) {
    await cp(`${ROOT}node_modules/@duckdb/${name}`, `${packages}/@duckdb/${name}`, { recursive: true })
  }
  return directory
}

t.test('without DuckDB questions are answered 501 with the reason, and everything else goes on', async (t) => {
  const tabs = [syntheticTab({ gid: 0, title: 'Data', rows: 50, columns: 4, kind: 'mixed' })]
  const emulator = await anEmulator(t, { workbooks: [{ id: BOOK, title: 'Book', tabs }] })
  const installation = await anInstallation(t)
  const environment = { ...environmentFor(await aDirectory(t)), GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const service = await aServiceProcess(t, environment, [`${installation}/src/server.ts`])
  const client = new ApiClient(service.url)
  const { id, state } = await client.sync({ spreadsheet: BOOK, formats: ['json', 'csv'] })
  t.equal(state, 'succeeded')

  const questions: [string, string, unknown?][] = [
    ['GET', `${TAB}/rows`],
    ['GET', `${TAB}/rows?where=id_1+%3E+3`],
    ['POST', `/spreadsheets/${BOOK}/query`, { sql: 'SELECT 1' }],
  ]
  // Twice: the second time it is known beforehand.
  for (const [method, path, body] of [...questions, ...questions]) {
    const answer = await client.send(method, path, body)
    const problem = (await answer.json()) as { detail: string }
    t.match([answer.status, problem], [501, { code: 'QUERY_ENGINE_MISSING', detail: /@duckdb/ }], path)
    t.notMatch(problem.detail, installation, 'which says nothing of the machine')
  }

  t.equal((await client.json<unknown[]>(TAB)).length, 49)
  for (const path of [
    `${TAB}?format=csv`,
    `${TAB}/schema`,
    `/syncs/${id}`,
    `/spreadsheets/${BOOK}`,
    '/readyz',
    '/docs/',
  ]) {
    t.equal(await client.status('GET', path), 200, path)
  }
  const parquet = await client.sync({ spreadsheet: BOOK, formats: ['parquet'] })
  t.match(parquet, { state: 'failed', error: { code: 'QUERY_ENGINE_MISSING', detail: /duckdb/i } })
  t.equal((await client.sync({ spreadsheet: BOOK })).state, 'succeeded', 'the next sync is none the worse')
  t.equal(await service.end('SIGTERM'), 0)
})
