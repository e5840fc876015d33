import t from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { openEvents, type ReceivedEvent } from '../support/event-client.ts'
import { anEmulator, aServiceProcess, environmentFor, startSync } from '../support/service.ts'
import { testFolder } from '../support/test-folder.ts'

const ID = '1StreamedByTheTests-0123456789_abcdefghijklmn'
const _NOW = new Date('2026-01-01T00:00:00.000Z')

t.test('a stream on one process shows a sync that another process runs', { timeout: 60_000 }, async (t) => {
  const tab = syntheticTab({ gid: 0, title: 'Many', rows: 3000, columns: 10, kind: 'mixed' })
  const emulator = await anEmulator(t, { workbooks: [{ id: ID, title: 'Streamed', tabs: [tab] }] })
  const release = Promise.withResolvers<void>()
  emulator.onCall(() => release.promise)
  const environment = { ...environmentFor(testFolder(t)), GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const [owner, other] = await Promise.all([aServiceProcess(t, environment), aServiceProcess(t, environment)])
  const { id } = await startSync(owner.url, { spreadsheet: ID })
  const client = (await openEvents(other.url, id)).read()
  await client.until(({ events }) => events.some((event) => viewOf(event).state === 'running'))
  const waiting = fetch(`${other.url}/syncs/${id}`, { headers: { prefer: 'wait=25' } })
  release.resolve()
  t.equal(await client.ended, true)
  t.match(viewOf(client.events.at(-1)), { state: 'succeeded' })
  t.match(await (await waiting).json(), { state: 'succeeded' })
  for (const process of [owner, other]) t.equal(await process.end('SIGTERM'), 0)
})

function viewOf(event: Pick<ReceivedEvent, 'data'> | undefined): SyncView {
  return JSON.parse(event?.data ?? 'null') as SyncView
}
