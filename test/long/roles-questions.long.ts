import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { ApiClient } from '../support/callers.ts'
import { aRedisServer } from '../support/own-servers.ts'
import { aDatabaseUrl, isThere } from '../support/queue-servers.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor } from '../support/service.ts'

const ID = '1Questions-0123456789_abcdefghijklmnopqrstuv'
const PEOPLE = `/spreadsheets/${ID}/tabs/People`

const STORAGES = {
  redis: async (t: Test) => (await aRedisServer(t)).url,
  postgres: aDatabaseUrl,
} as const

for (const kind of ['redis', 'postgres'] as const) {
  const skip = (await isThere(kind)) ? false : `no ${kind} here`
  t.test(`on ${kind} an API answers questions about what a worker has downloaded`, { skip }, async (t) => {
    const workbook = (...names: string[]) => ({
      id: ID,
      title: 'Shared',
      tabs: [tabFromRows(0, 'People', [['No', 'Name'], ...names.map((name, index) => [index, name])])],
    })
    const emulator = await anEmulator(t, { workbooks: [workbook('Ada', 'Grace')] })
    const common = { ...environmentFor(await aDirectory(t)), STORAGE_URL: await STORAGES[kind](t) }
    const api = await aServiceProcess(t, { ...common, ROLE: 'api' })
    const worker = await aServiceProcess(t, { ...common, GOOGLE_API_ROOT_URL: emulator.rootUrl, ROLE: 'worker' })
    const client = new ApiClient(api.url)

    const first = await client.sync({ spreadsheet: ID })
    emulator.addWorkbook(workbook('Ada', 'Grace Hopper', 'Joan'))
    const second = await client.sync({ spreadsheet: ID, formats: ['json', 'parquet'] })
    t.match(second, { state: 'succeeded', changes: { since: first.id, tabs: [{ added: 2, removed: 1 }] } })

    t.match(await client.json(`${PEOPLE}/schema`), { columns: [{ name: 'No', type: 'integer' }, { name: 'Name' }] })
    t.match(await client.json(`${PEOPLE}/rows?where=No%3E%3D%3F&param=2&count=exact`), {
      rows: [{ No: 2, Name: 'Joan' }],
      count: 1,
      syncId: second.id,
    })
    const answer = await client.send('POST', `/spreadsheets/${ID}/query`, { sql: 'SELECT max(No) AS most FROM People' })
    t.match(await answer.json(), { rows: [{ most: 2 }], syncId: second.id })
    t.match(await client.json(`${PEOPLE}/changes?since=${first.id}&key=No`), {
      changes: [
        { change: 'changed', key: { No: 1 }, columns: { Name: { old: 'Grace', new: 'Grace Hopper' } } },
        { change: 'added', row: { No: 2, Name: 'Joan' } },
      ],
      until: { syncId: second.id },
      counts: { added: 1, removed: 0, changed: 1 },
    })
    for (const one of [api, worker]) t.equal(await one.end('SIGTERM'), 0)
  })
}
