import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { aDirectory, aFreePort, anEmulator, aServiceProcess, environmentFor } from '../support/service.ts'

const ID = '1Fresh-0123456789_abcdefghijklmnopqrstuvwxyz'

/** A service with a schedule that follows changes, of a spreadsheet whose first rows it has. All settings are as they come. */
async function followed(t: Test, environment: Readonly<Record<string, string>> = {}) {
  const port = await aFreePort()
  const workbooks = [{ id: ID, title: 'Followed', tabs: [tabFromRows(0, 'People', [['Name'], ['Ada']])] }]
  const emulator = await anEmulator(t, { workbooks, pushOrigin: `http://127.0.0.1:${port}` })
  const service = await aServiceProcess(t, {
    ...environmentFor(await aDirectory(t)),
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    PORT: String(port),
    ...environment,
  })
  const made = await fetch(`${service.url}/schedules`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'People', request: { spreadsheet: ID }, onChange: true }),
  })
  t.equal(made.status, 201, await made.clone().text())
  const { id } = (await made.json()) as { id: string }
  const rows = async () => {
    const answer = await fetch(`${service.url}/spreadsheets/${ID}/tabs/People`)
    return answer.status === 200 ? JSON.stringify(await answer.json()) : `${answer.status}`
  }
  /** Seconds until the rows hold this name. */
  const secondsTo = async (name: string) => {
    const before = performance.now()
    while (!(await rows()).includes(name)) await delay(200)
    return (performance.now() - before) / 1000
  }
  const schedule = async () => (await fetch(`${service.url}/schedules/${id}`)).json()
  return { emulator, service, id, secondsTo, schedule }
}

// They wait for the next look at what has changed.
t.jobs = 2

t.test('an edit is in the rows within a minute by polling', { timeout: 150_000, buffered: true }, async (t) => {
  const { emulator, service, id, secondsTo, schedule } = await followed(t)
  // It counts as changed when it is first watched.
  await secondsTo('Ada')
  emulator.setCell(ID, 0, 1, 0, 'Grace')
  const seconds = await secondsTo('Grace')
  t.comment(`by polling: ${seconds.toFixed(1)} s`)
  t.ok(seconds <= 60, `${seconds} s`)
  t.match(await schedule(), { lastSync: { state: 'succeeded' }, failuresInARow: 0 })
  const syncs = (await (await fetch(`${service.url}/syncs?schedule=${id}`)).json()) as { syncs: unknown[] }
  t.equal(syncs.syncs.length, 2)
  t.match(await (await fetch(`${service.url}/metrics`)).text(), /sheetsync_spreadsheet_changes_total 2/)
  t.equal(await service.end('SIGTERM'), 0)
})

t.test('by push, an edit is in the rows within 25 seconds', { timeout: 150_000, buffered: true }, async (t) => {
  const { emulator, service, secondsTo } = await followed(t, {
    PUBLIC_URL: 'https://sheets.example',
    CHANGES_INTERVAL: '1h',
  })
  await secondsTo('Ada')
  while (emulator.notifications[0]?.status !== 204) await delay(200)
  emulator.setCell(ID, 0, 1, 0, 'Grace')
  const seconds = await secondsTo('Grace')
  t.comment(`by push: ${seconds.toFixed(1)} s`)
  t.ok(seconds <= 25, `${seconds} s`)
  t.equal(await service.end('SIGTERM'), 0)
  t.equal(emulator.count('channels.stop'), 1)
})
