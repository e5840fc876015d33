import t from 'tap'
import { createClient, type Sync } from '../../client/src/index.ts'
import { SAMPLE_SPREADSHEET_ID } from '../../src/model/sync-request.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor, ROOT } from '../support/service.ts'

const WORKBOOKS = { folder: `${ROOT}emulator/workbooks` }

t.test('a wait outlives a hot reload and a crash of the service', { timeout: 120_000 }, async (t) => {
  const emulator = await anEmulator(t, { ...WORKBOOKS, latency: { baseMs: 1500 } })
  const environment = { ...environmentFor(await aDirectory(t)), GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const first = await aServiceProcess(t, environment)
  const client = createClient({ baseUrl: first.url })
  const { id } = await client.startSync({ spreadsheet: SAMPLE_SPREADSHEET_ID })
  const seen: Sync[] = []
  let begun = () => {}
  const running = new Promise<void>((resolve) => {
    begun = resolve
  })
  const wait = client.waitForSync(id, {
    onProgress: (sync) => {
      seen.push(sync)
      if (sync.state === 'running') begun()
    },
  })
  await running
  await first.end('SIGTERM')
  const again = { ...environment, PORT: new URL(first.url).port }
  const second = await aServiceProcess(t, again)
  await second.end('SIGKILL')
  emulator.setLatency({})
  await aServiceProcess(t, again)
  const sync = await wait
  t.equal(sync.state, 'succeeded')
  t.ok(sync.attempt >= 2, 'it was begun again')
  const revisions = seen.map(({ revision }) => revision)
  t.same(
    revisions,
    [...new Set(revisions)].sort((one, other) => one - other),
    'told in order, each once',
  )
})
