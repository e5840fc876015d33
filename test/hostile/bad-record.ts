import { rename, writeFile } from 'node:fs/promises'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { openEvents } from '../support/event-client.ts'
import { anEmulator, getSync, startSync } from '../support/service.ts'
import { aConfinedService } from './support/confined-service.ts'

const ID = '1BadRecordOfTheHostile-0123456789_abcdefghijk'

/** What becomes of the JSON of a record. */
const DAMAGES: readonly [string, (sync: SyncView) => string][] = [
  ['a label that is a number', (sync) => JSON.stringify({ ...sync, labels: { a: 1 } })],
  ['progress that is text', (sync) => JSON.stringify({ ...sync, progress: 'half' })],
  ['a percent beyond all', (sync) => JSON.stringify({ ...sync, progress: { ...sync.progress, percent: 1e300 } })],
  ['tabs that are null', (sync) => JSON.stringify({ ...sync, tabs: [null] })],
  ['a date that is none', (sync) => JSON.stringify({ ...sync, updatedAt: 'yesterday' })],
  ['an end that contradicts the state', (sync) => JSON.stringify({ ...sync, finishedAt: sync.createdAt })],
  ['half of it', (sync) => JSON.stringify(sync).slice(0, 400)],
  ['nothing', () => ''],
]

t.test('stored values that fail the schema end their own streams, and nothing else', { timeout: 60_000 }, async (t) => {
  const emulator = await anEmulator(t, { workbooks: [{ id: ID, title: 'Bad', tabs: [tabFromRows(0, 'A', [['A']])] }] })
  emulator.fail({ do: { kind: 'hang' } })
  const environment = { GOOGLE_API_ROOT_URL: emulator.rootUrl, SYNC_CONCURRENCY: '1' }
  const service = await aConfinedService(t, { environment })
  const start = () => startSync(service.url, { spreadsheet: ID, ifActive: 'start' })
  const whole = await start()
  const beside = (await openEvents(service.url, whole.id)).read()
  for (const [damage, spoil] of DAMAGES) {
    const { id } = await start()
    const streams = [(await openEvents(service.url, id)).read(), (await openEvents(service.url, id)).read()]
    for (const stream of streams) await stream.until(({ events }) => events.length > 0)
    const waiting = fetch(`${service.url}/syncs/${id}`, { headers: { prefer: 'wait=25' } })
    const path = `${service.directory}/sync-status/${id}.json`
    await writeFile(`${path}.spoilt`, spoil(await getSync(service.url, id)))
    await rename(`${path}.spoilt`, path)
    for (const stream of streams) {
      t.equal(await stream.ended, true, damage)
      const { event, data } = stream.events.at(-1) ?? { event: 'none', data: '{}' }
      t.match({ event, data: JSON.parse(data) }, { event: 'problem', data: { code: 'STATUS_CORRUPT', status: 500 } })
    }
    t.equal((await waiting).status, 500, 'a wait is answered')
    const told = service
      .output()
      .split('\n')
      .filter((line) => line.includes(id) && line.includes('streams end'))
    t.equal(told.length, 1, 'it is logged once')
    t.match(told[0], /STATUS_CORRUPT/)
  }
  t.equal(service.isAlive, true)
  const seen = beside.events.length
  await fetch(`${service.url}/syncs/${whole.id}/cancel`, { method: 'POST' })
  t.equal(await beside.ended, true)
  t.ok(beside.events.length > seen, 'the stream of the whole record goes on to its end')
  t.comment(
    `${DAMAGES.length} damaged records, ${2 * DAMAGES.length} streams of them; the process lives, ${(await service.memoryMb()).toFixed(0)} MB`,
  )
})
