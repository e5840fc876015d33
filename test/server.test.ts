import t from 'tap'
import { syntheticTab } from '../emulator/workbook.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor, pollUntil, startSync } from './support/service.ts'

const ID = '1Server-0123456789_abcdefghijklmnopqrstuvwxy'

t.test('a killed service leaves a sync that the next one resumes by itself', async (t) => {
  const tab = syntheticTab({ gid: 0, title: 'Many', rows: 20_000, columns: 10, kind: 'mixed' })
  const emulator = await anEmulator(t, {
    workbooks: [{ id: ID, title: 'Killed', tabs: [tab] }],
    latency: { baseMs: 500 },
  })
  const directory = await aDirectory(t)
  const environment = { ...environmentFor(directory), GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const first = await aServiceProcess(t, environment)
  const { id } = await startSync(first.url, { spreadsheet: ID })
  await pollUntil(first.url, id, (sync) => sync.progress.apiCalls > 1)
  t.equal(await first.end('SIGKILL'), 'SIGKILL')

  const second = await aServiceProcess(t, environment)
  const began = performance.now()
  const done = await pollUntil(second.url, id, (sync) => sync.finishedAt !== null)
  t.match(done, { state: 'succeeded', attempt: 2, tabs: [{ rows: 19_999 }] })
  t.ok(performance.now() - began < 30_000, 'resumed within 30 s')
  t.equal(await second.end('SIGTERM'), 0)
})

t.test('a wrong setting stops the start with one line per field, and without its value', async (t) => {
  await t.rejects(aServiceProcess(t, { PORT: 'hunter2', STATUS_TTL: 'soon' }), {
    message: /ended with 1 .*\n {2}PORT must be .*\n {2}STATUS_TTL must be/s,
  })
  await t.rejects(aServiceProcess(t, { PORT: 'hunter2' }), { message: /^(?!.*hunter2)/s })
})

t.test(
  'without a Google credential the service starts and says what to set; a sync fails with the same hint',
  async (t) => {
    const service = await aServiceProcess(t, environmentFor(await aDirectory(t)))
    t.match(service.output(), /GOOGLE_APPLICATION_CREDENTIALS/)
    const { id } = await startSync(service.url, { spreadsheet: ID })
    const sync = await pollUntil(service.url, id, (one) => one.finishedAt !== null)
    t.match(sync, {
      state: 'failed',
      error: { code: 'GOOGLE_CREDENTIAL_MISSING', hint: /GOOGLE_APPLICATION_CREDENTIALS/ },
    })
    t.equal(await service.end('SIGTERM'), 0)
  },
)
