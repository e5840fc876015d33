import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { syntheticWorkbook } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { aRedisServer } from '../support/own-servers.ts'
import { aDatabaseUrl, isThere } from '../support/queue-servers.ts'
import { anS3Server } from '../support/s3-server.ts'
import { anEmulator, aService, finished, getSync, pollUntil, startSync } from '../support/service.ts'

const ID = 'book'
/** The read that hangs until the deadline: some checkpoints are saved by then. */
const NTH = 4

const PLACES: Readonly<Record<string, (t: Test) => Promise<Record<string, string>>>> = {
  files: async () => ({}),
  'Redis and S3': async (t) => ({
    STORAGE_URL: (await aRedisServer(t)).url,
    SNAPSHOT_URL: 's3://snapshots/retries',
    AWS_ENDPOINT_URL_S3: (await anS3Server(t)).url,
    AWS_REGION: 'us-east-1',
  }),
  PostgreSQL: async (t) => ({ STORAGE_URL: await aDatabaseUrl(t) }),
}

for (const [name, place] of Object.entries(PLACES)) {
  const skip = name === 'PostgreSQL' && !(await isThere('postgres')) && 'no PostgreSQL here'
  t.test(
    `${name}: of two retries of a sync that ran out of time one goes on, and both have all rows`,
    { skip },
    async (t) => {
      const workbooks = [syntheticWorkbook({ id: ID, rows: 60_000, columns: 10 })]
      const emulator = await anEmulator(t, { workbooks })
      const { url } = await aService(t, {
        ...(await place(t)),
        GOOGLE_API_ROOT_URL: emulator.rootUrl,
        SYNC_DEADLINE: '25s',
        SWEEP_INTERVAL: '1s',
        STATUS_TTL: '10m',
        SNAPSHOTS_KEPT: '5',
      })
      const rowsOf = async ({ tabs }: SyncView) => {
        const answer = await fetch(`${url}${tabs[0]?.files[0]?.href}`)
        t.equal(answer.status, 200)
        return createHash('sha256')
          .update(await answer.text())
          .digest('hex')
      }
      const sync = async () => (await startSync(url, { spreadsheet: ID, formats: ['ndjson'], ifActive: 'start' })).id
      const cellsRead = () => emulator.calls.reduce((sum, { cells }) => sum + cells, 0)

      const whole = await pollUntil(url, await sync(), finished)
      t.equal(whole.state, 'succeeded')
      const cells = cellsRead()
      emulator.resetCalls()
      emulator.fail({ on: { kind: 'values.batchGet', nth: NTH, times: 'always' }, do: { kind: 'hang' } })
      const failed = await pollUntil(url, await sync(), finished)
      t.match(failed, { state: 'failed', error: { code: 'SYNC_DEADLINE_EXCEEDED', hint: /goes on where it stopped/ } })
      emulator.clearFaults()
      emulator.resetCalls()
      const retry = async () =>
        (await (await fetch(`${url}/syncs/${failed.id}/retry`, { method: 'POST' })).json()) as SyncView
      const retries = await Promise.all([retry(), retry()])
      const done = await Promise.all(retries.map(({ id }) => pollUntil(url, id, finished)))
      const rows = await rowsOf(whole)
      for (const retried of done) {
        t.match(retried, { state: 'succeeded', retryOf: failed.id }, JSON.stringify(retried).slice(0, 300))
        t.equal(await rowsOf(retried), rows)
      }
      t.ok(cellsRead() < 1.9 * cells, `${cellsRead()} cells were read for both, ${cells} for a whole download`)
      t.match(await getSync(url, failed.id), { state: 'failed', error: failed.error })
    },
  )
}
