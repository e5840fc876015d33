import t from 'tap'
import { syntheticWorkbook } from '../../emulator/workbook.ts'
import { Database } from '../../src/database/database.ts'
import { silentLog } from '../../src/ports/log.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aCluster } from '../cluster/support/cluster.ts'
import { skipWithoutServerPrograms } from '../support/own-postgres.ts'
import { aPostgresServer } from '../support/own-servers.ts'
import { aPgBouncer, skipWithoutPgBouncer } from '../support/pgbouncer.ts'
import { execute } from '../support/postgres.ts'
import { anEmulator, aServiceProcess, finished, pollUntil, startSync } from '../support/service.ts'

const ID = '1ThroughAPooler-0123456789_abcdefghijklmnopqr'
/** What BullMQ sends and PgBouncer does not know. */
const IGNORED = { ignore_startup_parameters: 'options' }
const SHARED = /points to a connection pooler that gives each transaction another session/

const skip = (await skipWithoutPgBouncer()) || (await skipWithoutServerPrograms())

t.test('behind PgBouncer in session mode an API hears of what a worker does', { skip }, async (t) => {
  const server = await aPostgresServer(t)
  const storageUrl = await aPgBouncer(t, server.url, { pool_mode: 'session', default_pool_size: '60', ...IGNORED })
  const { rootUrl } = await anEmulator(t, { workbooks: [syntheticWorkbook({ id: ID, rows: 10, columns: 2 })] })
  const cluster = await aCluster(t, { storageUrl, rootUrl, apis: 1, workers: 1 })
  const url = cluster.apis[0]?.url ?? ''
  for (let round = 0; round < 3; round++) {
    const { id } = await startSync(url, { spreadsheet: ID })
    const events = await (await fetch(`${url}/syncs/${id}/events`, { signal: AbortSignal.timeout(15_000) })).text()
    t.match(events, /"state":"succeeded"/)
    t.match(await pollUntil(url, id, finished), { state: 'succeeded' })
  }
  t.same(await cluster.stop(), [0, 0])
})

for (const mode of ['transaction', 'statement']) {
  t.test(`behind PgBouncer in ${mode} mode the start is refused, and touches nothing`, { skip }, async (t) => {
    const server = await aPostgresServer(t)
    const url = await aPgBouncer(t, server.url, { pool_mode: mode, ...IGNORED })
    const before = await execute('SHOW search_path', [], url)
    const start = aServiceProcess(t, { PORT: '0', STORAGE_URL: url })
    await t.rejects(start, { message: new RegExp(`ended with 1 before it listened.*${SHARED.source}`, 's') })
    await t.rejects(start, { message: /pool_mode = session/ })
    t.same(await execute('SHOW search_path', [], url), before, 'no setting is left behind for whoever is next')
    t.same(await execute("SELECT FROM pg_namespace WHERE nspname LIKE 'sheetsync%'", [], server.url), [])
  })
}

t.test('sessions that are shared are found out while others use the pooler', { skip }, async (t) => {
  const server = await aPostgresServer(t)
  for (const settings of [{}, { server_round_robin: '1' }]) {
    const url = await aPgBouncer(t, server.url, { pool_mode: 'transaction', ...IGNORED, ...settings })
    let isOver = false
    const others = Array.from({ length: 4 }, async () => {
      while (!isOver) await execute('SELECT pg_sleep(0.002)', [], url)
    })
    for (let start = 0; start < 10; start++) {
      await t.rejects(open(url), { code: 'STORAGE_UNAVAILABLE', message: SHARED }, JSON.stringify(settings))
    }
    isOver = true
    await Promise.all(others)
  }
})

t.test('a PgBouncer that would refuse the queue is named at the start', { skip }, async (t) => {
  const server = await aPostgresServer(t)
  const url = await aPgBouncer(t, server.url, { pool_mode: 'session' })
  await t.rejects(open(url), {
    code: 'STORAGE_UNAVAILABLE',
    message: /refuses the startup parameter "options"/,
    hint: /ignore_startup_parameters = options/,
  })
})

async function open(url: string): Promise<void> {
  const database = new Database({ url, clock: systemClock, log: silentLog })
  try {
    await database.start()
  } finally {
    await database.close()
  }
}
