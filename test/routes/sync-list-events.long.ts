import t from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import { openListEvents } from '../support/event-client.ts'
import { anEmulator, aServiceProcess, environmentFor, startSync } from '../support/service.ts'
import { testFolder } from '../support/test-folder.ts'

const _NOW = new Date('2026-01-01T00:00:00.000Z')
const ID = '1ListedByTheTests-0123456789_abcdefghijklmnopq'

t.test(
  'a stream on one process tells of syncs that another process runs and removes',
  { timeout: 60_000 },
  async (t) => {
    const tab = syntheticTab({ gid: 0, title: 'Many', rows: 3000, columns: 10, kind: 'mixed' })
    const emulator = await anEmulator(t, { workbooks: [{ id: ID, title: 'Listed', tabs: [tab] }] })
    const environment = { ...environmentFor(testFolder(t)), GOOGLE_API_ROOT_URL: emulator.rootUrl }
    const [owner, other] = await Promise.all([aServiceProcess(t, environment), aServiceProcess(t, environment)])
    const client = (await openListEvents(other.url)).read()
    await client.until(({ events }) => events.length === 1)
    const { id } = await startSync(owner.url, { spreadsheet: ID })
    const isOf = (state: string) => (event: { data: string }) => JSON.parse(event.data).state === state
    await client.until(({ events }) => events.some(isOf('succeeded')))
    const last = client.events.findLast(isOf('succeeded'))
    t.match(JSON.parse(last?.data ?? ''), { id, spreadsheet: { title: 'Listed' } })
    t.ok(Date.now() - Date.parse(JSON.parse(last?.data ?? '').finishedAt) < 2000)
    t.equal((await fetch(`${owner.url}/syncs/${id}`, { method: 'DELETE' })).status, 204)
    await client.until(({ events }) => events.at(-1)?.event === 'removed')
    t.same(JSON.parse(client.events.at(-1)?.data ?? ''), { id })
    for (const process of [owner, other]) t.equal(await process.end('SIGTERM'), 0)
    t.equal(await client.ended, true)
  },
)
