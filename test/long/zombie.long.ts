import { readdir } from 'node:fs/promises'
import t from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import {
  aDirectory,
  anEmulator,
  aServiceProcess,
  environmentFor,
  finished,
  pollUntil,
  startSync,
} from '../support/service.ts'

const ID = '1Zombie-0123456789_abcdefghijklmnopqrstuvwxy'
const ROWS = 20_000

t.test(
  'an owner that is stopped for a while is replaced within 30 s, and publishes nothing when it wakes up',
  { timeout: 180_000 },
  async (t) => {
    const tab = syntheticTab({ gid: 0, title: 'Many', rows: ROWS, columns: 10, kind: 'mixed' })
    const emulator = await anEmulator(t, {
      workbooks: [{ id: ID, title: 'Fenced', tabs: [tab] }],
      latency: { baseMs: 1500 },
    })
    const directory = await aDirectory(t)
    const environment = { ...environmentFor(directory), GOOGLE_API_ROOT_URL: emulator.rootUrl }
    const owner = await aServiceProcess(t, environment)
    const { id } = await startSync(owner.url, { spreadsheet: ID, formats: ['ndjson'] })
    await pollUntil(owner.url, id, (sync) => sync.progress.phase === 'downloading')
    owner.process.kill('SIGSTOP')
    const stopped = performance.now()

    const successor = await aServiceProcess(t, environment)
    const taken = await pollUntil(successor.url, id, (sync) => sync.attempt === 2)
    const seconds = (performance.now() - stopped) / 1000
    t.ok(seconds <= 31, `taken over after ${seconds.toFixed(1)} s`)
    t.match(taken, { state: 'running', attempt: 2 })
    // The zombie wakes up while its successor still downloads: both now run the same sync.
    owner.process.kill('SIGCONT')
    const done = await pollUntil(successor.url, id, finished)
    t.match(done, { state: 'succeeded', attempt: 2, tabs: [{ rows: ROWS - 1 }] })
    const text = await (await fetch(`${successor.url}/spreadsheets/${ID}/tabs/Many?format=ndjson`)).text()
    t.equal(text.trimEnd().split('\n').length, ROWS - 1)
    t.same(await readdir(`${directory}/snapshots/${ID}`), [id], 'one snapshot')
    const later = await pollUntil(owner.url, id, finished)
    t.same(later, done, 'the zombie says the same')
    t.equal(await owner.end('SIGTERM'), 0)
    t.equal(await successor.end('SIGTERM'), 0)
    t.same(await readdir(`${directory}/snapshots/.staging`), [], 'nothing stays staged')
  },
)
