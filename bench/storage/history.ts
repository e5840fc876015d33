import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { Client } from 'pg'
import { Database } from '../../src/database/database.ts'
import { ACTIVE_STATES, TERMINAL_STATES } from '../../src/model/sync.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { SyncQuery } from '../../src/ports/sync-storage.ts'
import { pageOfSyncs } from '../../src/storage/database/statements.ts'
import { DatabaseStorage } from '../../src/storage/database-storage.ts'
import { cancelSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aQueuedSync } from '../../test/support/syncs.ts'
import { print, quantile } from './figures.ts'

/** `node bench/storage/history.ts [url] [count]`: pages out of a long history in PostgreSQL. */
const url = process.argv[2] ?? 'postgres://postgres@127.0.0.1:5432/test'
const COUNT = Number(process.argv[3] ?? 1_000_000)
const ROUNDS = 300
/** Milliseconds that a page may take at the 99th percentile, beyond what the machine takes for nothing at all. */
const LIMIT_MS = 10
const schema = `bench_${randomBytes(8).toString('hex')}`

const sql = new Client({ connectionString: url })
await sql.connect()
await sql.query(`SET search_path TO "${schema}"`)
const database = new Database({ url, schema, clock: systemClock, log: silentLog })
const storage = new DatabaseStorage({ database, clock: systemClock, log: silentLog, historyTtlMs: 30 * 86_400_000 })
let isFast = true

interface Plan {
  readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number }
  readonly 'Planning Time': number
  readonly 'Execution Time': number
}

try {
  await storage.start()
  await fill()
  // The first pages pay for what the engine has yet to compile.
  for (let round = 0; round < 50; round++) await storage.list({ states: TERMINAL_STATES, pageSize: 50 + round })
  for (const [what, query] of Object.entries(queries())) await measure(what, query)
} finally {
  await storage.close()
  await database.close()
  await sql.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
  await sql.end()
}
if (!isFast) process.exitCode = 1

/**
 * One sync a second and row: 1 of 1000 is active (the newest), 1 of 50 failed; 1 of 1000 spreadsheets has a tenth of
 * all, and one, like one creator, has 20 syncs spread over all of the time; 1 of 20,000 has a webhook to deliver.
 */
async function fill(): Promise<void> {
  const began = performance.now()
  const sync = cancelSync(aQueuedSync({ labels: { team: 'finance' } }), new Date('2026-01-01T00:00:00.000Z'), 300_000)
  await sql.query(
    `INSERT INTO "${schema}".syncs (id, revision, write_id, state, spreadsheet_id, created_by, webhook_state, finished_at,
       expires_at, record)
     SELECT id, 3, gen_random_uuid(), state, spreadsheet, creator, webhook,
       CASE WHEN is_terminal THEN instant END, CASE WHEN is_terminal THEN instant + interval '5 minutes' END,
       ($1::jsonb || jsonb_build_object('id', id, 'state', state, 'revision', 3, 'createdBy', creator,
         'spreadsheet', $1::jsonb -> 'spreadsheet' || jsonb_build_object('id', spreadsheet),
         'finishedAt', CASE WHEN is_terminal THEN to_char(instant, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END,
         'expiresAt', CASE WHEN is_terminal THEN to_char(instant + interval '5 minutes', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END,
         'webhook', CASE WHEN webhook IS NOT NULL THEN jsonb_build_object('url', 'https://example.com', 'state', webhook,
           'nextAttemptAt', NULL, 'attempts', '[]'::jsonb) END,
         'error', CASE WHEN state = 'failed' THEN '{"type":"x","title":"x","status":500,"detail":"x","code":"INTERNAL","retryable":false}'::jsonb END
       ))::json
     FROM (
       SELECT
         'sync-' || substr(stamp, 1, 8) || '-' || substr(stamp, 9, 4) || '-7' || substr(noise, 1, 3) || '-a' ||
           substr(noise, 4, 3) || '-' || substr(noise, 7, 12) AS id,
         instant,
         CASE WHEN n > $2 - 1000 THEN 'queued' WHEN n % 50 = 7 THEN 'failed' WHEN n % 100 = 9 THEN 'cancelled'
           ELSE 'succeeded' END AS state,
         n <= $2 - 1000 AS is_terminal,
         CASE WHEN n % 10 = 0 THEN 'a-hot-one' WHEN n % ($2 / 20) = 1 THEN 'a-rare-one'
           ELSE 'spreadsheet-' || (n % 1000) END AS spreadsheet,
         CASE WHEN n % ($2 / 20) = 2 THEN 'a-rare-key' WHEN n % 2 = 0 THEN 'even' ELSE 'odd' END AS creator,
         CASE WHEN n % 20000 = 3 AND n <= $2 - 1000 THEN 'pending' END AS webhook
       FROM (
         SELECT n, to_timestamp(1764547200 + n) AT TIME ZONE 'UTC' AS instant,
           lpad(to_hex((1764547200 + n::bigint) * 1000), 12, '0') AS stamp, md5(n::text) AS noise
         FROM generate_series(1, $2::int) AS n
       ) AS moments
     ) AS rows`,
    [JSON.stringify(sync), COUNT],
  )
  const { rows } = await sql.query<{ size: string; indexes: string }>(
    `SELECT pg_size_pretty(pg_table_size($1)) AS size, pg_size_pretty(pg_indexes_size($1)) AS indexes`,
    [`"${schema}".syncs`],
  )
  const took = ((performance.now() - began) / 1000).toFixed(0)
  print(
    `${COUNT} rows in ${took} s: table ${rows[0]?.size}, indexes ${rows[0]?.indexes}; statistics ${await analyze()}`,
  )
}

async function analyze(): Promise<string> {
  await sql.query(`ANALYZE "${schema}".syncs`)
  return 'fresh'
}

function queries(): Record<string, Omit<SyncQuery, 'pageSize'>> {
  return {
    'no filter': {},
    'succeeded (most)': { states: ['succeeded'] },
    'failed (1 of 50)': { states: ['failed'] },
    'interrupted (none)': { states: ['interrupted'] },
    'active (1000, the newest)': { states: ACTIVE_STATES },
    'terminal (nearly all)': { states: TERMINAL_STATES },
    'spreadsheet with a tenth': { spreadsheetId: 'a-hot-one' },
    'spreadsheet with 1 of 1000': { spreadsheetId: 'spreadsheet-501' },
    'spreadsheet with 20': { spreadsheetId: 'a-rare-one' },
    'spreadsheet unknown': { spreadsheetId: 'unknown' },
    'active of the spreadsheet with a tenth': { spreadsheetId: 'a-hot-one', states: ACTIVE_STATES },
    'failed of the spreadsheet with a tenth (none)': { spreadsheetId: 'a-hot-one', states: ['failed'] },
    'creator with half': { createdBy: 'even' },
    'creator with 20': { createdBy: 'a-rare-key' },
    'failed of the creator with half (none)': { createdBy: 'even', states: ['failed'] },
    'creator with half, spreadsheet with a tenth': { createdBy: 'even', spreadsheetId: 'a-hot-one' },
    'creator with half, another spreadsheet (none)': { createdBy: 'odd', spreadsheetId: 'a-hot-one' },
    'webhook pending (1 of 20,000)': { webhook: 'pending' },
    'webhook pending of the creator with half (none)': { webhook: 'pending', createdBy: 'even' },
  }
}

/** What the server itself says of a first page: its time, the best of ten, and the blocks of 8 kB that it looked at. */
async function explain(query: Omit<SyncQuery, 'pageSize'>): Promise<{ blocks: number; serverMs: number }> {
  const { statement, values } = pageOfSyncs({ ...query, pageSize: 50 }, undefined, 51)
  let best = { blocks: 0, serverMs: Number.POSITIVE_INFINITY }
  for (let round = 0; round < 10; round++) {
    const { rows } = await sql.query<{ 'QUERY PLAN': [Plan] }>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement.text}`,
      [...values],
    )
    const plan = rows[0]?.['QUERY PLAN'][0]
    if (plan === undefined) throw new Error('there is no plan')
    const serverMs = plan['Planning Time'] + plan['Execution Time']
    const blocks = plan.Plan['Shared Hit Blocks'] + plan.Plan['Shared Read Blocks']
    if (serverMs < best.serverMs) best = { blocks, serverMs }
  }
  return best
}

/** Reads page after page, 50 syncs each, beside a statement that does nothing: what that takes is the machine's doing. */
async function measure(what: string, query: Omit<SyncQuery, 'pageSize'>): Promise<void> {
  const times: number[] = []
  const idle: number[] = []
  let found = 0
  let pageToken: string | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    const page = await storage.list({ ...query, pageSize: 50, ...(pageToken === undefined ? {} : { pageToken }) })
    times.push(performance.now() - began)
    found += page.syncs.length
    pageToken = page.nextPageToken
    const asked = performance.now()
    await database.query({ text: 'SELECT 1', what: 'Nothing could be queried' })
    idle.push(performance.now() - asked)
  }
  const { blocks, serverMs } = await explain(query)
  const floor = quantile(
    idle.sort((one, other) => one - other),
    0.99,
  )
  times.sort((one, other) => one - other)
  const at = (share: number) => quantile(times, share)
  isFast &&= at(0.99) <= LIMIT_MS + floor
  print(
    `${what.padEnd(50)} p50 ${at(0.5).toFixed(2).padStart(6)} ms  p99 ${at(0.99).toFixed(2).padStart(6)} ms` +
      `  (SELECT 1: p99 ${floor.toFixed(2).padStart(6)} ms)  server ${serverMs.toFixed(2).padStart(5)} ms,` +
      ` ${String(blocks).padStart(4)} blocks  ${(found / ROUNDS).toFixed(1)} syncs a page`,
  )
}
