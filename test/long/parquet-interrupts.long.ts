import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet'
import t, { type Test } from 'tap'
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

const ROWS = 60_000
const BOOK = 'book-0123456789_abcdefghijklmnopqrstuvwxyz'

/** A service that downloads a tab whose Parquet takes half a second or more to be made. */
async function aWorld(t: Test, environment: Record<string, string> = {}) {
  const tabs = [syntheticTab({ gid: 0, title: 'Data', rows: ROWS, columns: 10, kind: 'mixed' })]
  const emulator = await anEmulator(t, { workbooks: [{ id: BOOK, title: 'Book', tabs }] })
  const directory = await aDirectory(t)
  const settings = {
    ...{ ...environmentFor(directory), GOOGLE_API_ROOT_URL: emulator.rootUrl, RATE_LIMIT: 'off' },
    ...{ GOOGLE_READS_PER_MINUTE: '100000', ...environment },
  }
  const service = await aServiceProcess(t, settings)
  const { id } = await startSync(service.url, { spreadsheet: BOOK, formats: ['parquet'] })
  /** Resolves once the engine makes a table of the rows, of which it makes Parquet. */
  const converting = async () => {
    while ((await filesBelow(join(directory, 'query-cache')).catch(() => [])).length === 0) await delay(5)
  }
  const snapshots = join(directory, 'snapshots')
  return { settings, service, id, converting, snapshots }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

t.test('a sync that is cancelled while its Parquet is made ends soon, and leaves no file', async (t) => {
  const { service, id, converting, snapshots } = await aWorld(t)
  await converting()
  const before = performance.now()
  t.equal((await fetch(`${service.url}/syncs/${id}/cancel`, { method: 'POST' })).status, 202)
  t.match(await pollUntil(service.url, id, finished), { state: 'cancelled' })
  t.ok(performance.now() - before < 2000, `${Math.round(performance.now() - before)} ms`)
  t.same(
    (await filesBelow(snapshots)).filter((path) => /\.(ndjson|parquet)/.test(path)),
    [],
  )
})

t.test('a service that is killed while Parquet is made makes it after its restart', async (t) => {
  const { settings, service, id, converting, snapshots } = await aWorld(t)
  await converting()
  await service.end('SIGKILL')
  const next = await aServiceProcess(t, settings)
  t.match(await pollUntil(next.url, id, finished), { state: 'succeeded', attempt: 2, tabs: [{ rows: ROWS - 1 }] })
  const [path = ''] = (await filesBelow(snapshots)).filter((path) => path.endsWith('.parquet'))
  const { num_rows: rows } = await parquetMetadataAsync(await asyncBufferFromFile(path))
  t.equal(rows, BigInt(ROWS - 1))
})

t.test('what Parquet is made of counts towards SYNC_BYTES_MAX', async (t) => {
  const { service, id } = await aWorld(t, { SYNC_BYTES_MAX: '5MB' })
  t.match(await pollUntil(service.url, id, finished), { state: 'failed', error: { code: 'SYNC_TOO_LARGE' } })
})
