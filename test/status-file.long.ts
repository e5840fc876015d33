import { readdir, readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { syntheticTab, tabFromRows } from '../emulator/workbook.ts'
import { newSyncId } from '../src/model/sync-id.ts'
import type { SyncView } from '../src/model/sync-view.ts'
import { anEmulator, aService, finished, getSync, pollUntil, startSync } from './support/service.ts'

const ID = '1StatusFile-0123456789_abcdefghijklmnopqrstu'

t.test(
  'the status file can be read at any moment: whole, pretty-printed, and never older than what was answered',
  async (t) => {
    const tabs = Array.from({ length: 30 }, (_, gid) =>
      syntheticTab({ gid, title: `Tab ${gid}`, rows: 3000, columns: 8, kind: 'mixed' }),
    )
    const emulator = await anEmulator(t, { workbooks: [{ id: ID, title: 'Watched', tabs }], latency: { baseMs: 50 } })
    const { url, directory } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
    const { id } = await startSync(url, { spreadsheet: ID })
    let reads = 0
    let torn = 0
    const states = new Set<string>()
    let answered: SyncView
    do {
      answered = await getSync(url, id)
      const text = await readFile(`${directory}/sync-status/${id}.json`, 'utf8')
      const stored = JSON.parse(text) as SyncView
      reads += 1
      if (text !== `${JSON.stringify(stored, null, 2)}\n` || stored.revision < answered.revision) torn += 1
      states.add(stored.state)
    } while (!finished(answered))
    t.equal(torn, 0, `${reads} reads`)
    t.ok(states.has('running') && states.has('succeeded'), [...states].join(', '))
    const {
      format: _format,
      lease: _lease,
      snapshotId: _snapshotId,
      createdBy: _createdBy,
      identity,
      sealedToken: _token,
      traceparent: _traceparent,
      keyed: _keyed,
      background: _background,
      keepsDraft: _keepsDraft,
      ranMs: _ranMs,
      ...view
    } = JSON.parse(await readFile(`${directory}/sync-status/${id}.json`, 'utf8'))
    t.same({ ...view, ownToken: identity !== null }, answered, 'the file says what the wire says')
  },
)

t.test(
  'a status file that is cut off or garbage answers 500 STATUS_CORRUPT, is set aside, and harms no other sync',
  async (t) => {
    const emulator = await anEmulator(t, {
      workbooks: [{ id: ID, title: 'Small', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }],
    })
    const { url, directory } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, SWEEP_INTERVAL: '200ms' })
    const good = await startSync(url, { spreadsheet: ID })
    await pollUntil(url, good.id, finished)
    const folder = `${directory}/sync-status`
    const whole = await readFile(`${folder}/${good.id}.json`, 'utf8')
    const bad = [newSyncId(), newSyncId(), newSyncId(), newSyncId()]
    const contents = [whole.replaceAll(good.id, bad[0] ?? '').slice(0, -40), 'garbage', '', '{"id":"of another shape"}']
    for (const [index, id] of bad.entries()) await writeFile(`${folder}/${id}.json`, contents[index] ?? '')
    const check = async () => {
      for (const id of bad) {
        const answer = await fetch(`${url}/syncs/${id}`)
        t.match(
          { status: answer.status, body: await answer.json() },
          { status: 500, body: { code: 'STATUS_CORRUPT', hint: String } },
        )
      }
      t.match(await getSync(url, good.id), { state: 'succeeded' })
      t.match(await (await fetch(`${url}/syncs`)).json(), { syncs: [{ id: good.id }] })
    }
    await check()
    while ((await readdir(`${folder}/quarantine`)).length < bad.length)
      await new Promise((resolve) => setTimeout(resolve, 20))
    await check()
    t.equal((await readdir(folder)).filter((name) => name.endsWith('.json')).length, 1)
    t.equal(await readFile(`${folder}/quarantine/${bad[1]}.json`, 'utf8'), 'garbage', 'what was in it is kept')
  },
)
