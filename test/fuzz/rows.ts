import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type Cell, tabFromRows } from '../../emulator/workbook.ts'
import { problem } from '../../src/model/problem.ts'
import { ApiClient } from '../support/callers.ts'
import { childrenOf, memoryMb } from '../support/child-processes.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor } from '../support/service.ts'
import { HEADERS, someQueryBody, someRowsQuery } from './row-expressions.ts'

// `npm run test:fuzz:rows`: questions about rows, valid, broken and hostile, against a real service. SEED=… and RUNS=…
// repeat a run.
const RUNS = Number(process.env.RUNS ?? 5000)
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const AT_ONCE = 8
const BOOK = 'fuzz-0123456789_abcdefghijklmnopqrstuvwxyz'
const ROWS = `/spreadsheets/${BOOK}/tabs/gid:0/rows`
const TIME_LIMIT_MS = 1000
/** QUERY_MEMORY. */
const MEMORY_MB = 128
/** What a process may have: 80 MB more. In MiB, as /proc tells it. */
const ENGINE_MIB = (MEMORY_MB + 80) / 1.048576
/** Milliseconds that the end of a runaway may take: 250 for the process to be late, the others for its end and the answer. */
const LATE_MS = 250 + 500
/** Codes of a 503 that a question may bring about: it crashed DuckDB, or others were waiting too long. */
const EXCUSED = ['QUERY_ENGINE_FAILED', 'QUERY_ENGINE_BUSY']

async function aService(t: Test) {
  const rows: Cell[][] = Array.from({ length: 200 }, (_, row) =>
    HEADERS.map(
      (header, at): Cell =>
        header === 'When'
          ? { kind: 'date', serial: 40_000 + row }
          : at % 3 === 0
            ? `text ${row % 17}`
            : at % 3 === 1
              ? row * 1.5
              : row % 5 === 0
                ? null
                : row % 2 === 0,
    ),
  )
  const tabs = [tabFromRows(0, 'Data', [HEADERS, ...rows])]
  const emulator = await anEmulator(t, { workbooks: [{ id: BOOK, title: 'Fuzz', tabs }] })
  const { url, process: service } = await aServiceProcess(t, {
    ...environmentFor(await aDirectory(t)),
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    RATE_LIMIT: 'off',
    QUERY_TIME_LIMIT: `${TIME_LIMIT_MS}ms`,
    QUERY_MEMORY: `${MEMORY_MB}MB`,
  })
  const client = new ApiClient(url)
  await client.sync({ spreadsheet: BOOK })
  // The first question starts the engine.
  while ((await client.status('GET', ROWS)) !== 200);
  return { client, pid: service.pid ?? 0 }
}

t.test(`${RUNS} questions, seed ${SEED}`, { timeout: 1_800_000 }, async (t) => {
  const { client } = await aService(t)
  const seen = new Map<string, number>()
  const excused: string[] = []
  let done = 0
  const one = fc.oneof(
    { weight: 3, arbitrary: someRowsQuery.map((query) => ({ query, body: undefined })) },
    { weight: 2, arbitrary: someQueryBody.map((body) => ({ query: undefined, body })) },
  )
  const property = fc.asyncProperty(fc.array(one, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (batch) => {
    await Promise.all(
      batch.map(async ({ query, body }) => {
        const asked = query ?? JSON.stringify(body)
        const answer = await (body === undefined
          ? client.send('GET', `${ROWS}?${query}`)
          : client.send('POST', `/spreadsheets/${BOOK}/query`, body)
        ).catch((cause: unknown) => {
          throw new Error(`no answer: ${asked}`, { cause })
        })
        const code = await codeOf(answer)
        const name = `${body === undefined ? 'rows' : 'query'} ${answer.status} ${code}`
        seen.set(name, (seen.get(name) ?? 0) + 1)
        if (answer.status < 500) return
        if (!EXCUSED.includes(code)) throw new Error(`${name}: ${asked}`)
        excused.push(`${name}: ${asked.slice(0, 300)}`)
      }),
    )
    done += batch.length
  })
  await fc.assert(property, {
    seed: SEED,
    numRuns: Math.ceil(RUNS / AT_ONCE),
    includeErrorInReport: true,
    endOnFailure: true,
  })
  t.comment(
    [...seen]
      .sort()
      .map(([name, count]) => `${name}: ${count}`)
      .join(', '),
  )
  for (const line of excused) t.comment(line)
  t.ok(done >= RUNS)
  t.ok((seen.get('rows 200 ') ?? 0) > RUNS / 30, 'some questions were answered')
  t.ok(excused.length <= RUNS / 200, 'few crashed the engine')
  t.equal(await client.status('GET', ROWS), 200, 'the next question is answered')
})

/** The code of a problem, which it must be by its schema; nothing for an answer. */
async function codeOf(answer: Response): Promise<string> {
  const text = await answer.text()
  if (answer.status < 400) return ''
  const type = answer.headers.get('content-type') ?? ''
  if (!type.startsWith('application/problem+json')) throw new Error(`${answer.status} is no problem: ${text}`)
  const { code, status } = problem.parse(JSON.parse(text))
  if (status !== answer.status) throw new Error(`${answer.status} has another status in its body: ${text}`)
  return code
}

t.test('runaways are stopped in time and within memory', { timeout: 600_000 }, async (t) => {
  const { client, pid } = await aService(t)
  const ask = (sql: string) => client.send('POST', `/spreadsheets/${BOOK}/query`, { sql })
  let slowest = 0
  for (const sql of RUNAWAYS) {
    // So that no start of a process is measured, and to see what else the machine does now.
    while ((await ask('SELECT 1 FROM data')).status !== 200);
    const start = performance.now()
    await (await ask('SELECT 1 FROM data')).text()
    const usual = performance.now() - start
    let peak = 0
    const look = setInterval(async () => {
      for (const child of await childrenOf(pid)) peak = Math.max(peak, (await memoryMb(child, 'VmHWM')) ?? 0)
    }, 10)
    const began = performance.now()
    const answer = await ask(sql)
    const took = performance.now() - began
    clearInterval(look)
    const code = await codeOf(answer)
    slowest = Math.max(slowest, took)
    t.comment(
      `${sql}: ${answer.status} ${code} after ${Math.round(took)} ms, ${Math.round(peak)} MiB, a simple question ${Math.round(usual)} ms`,
    )
    t.ok(answer.status === 422 || answer.status === 400 || answer.status === 200, `${sql}: ${answer.status} ${code}`)
    // Where the engine waits for a core, its look at its memory comes late as well.
    t.ok(peak < ENGINE_MIB + usual / 5, `${sql}: ${Math.round(peak)} MiB`)
    // On a machine with other work all takes longer: a question takes some 5 ms on one without.
    t.ok(took < TIME_LIMIT_MS + LATE_MS + 20 * usual, `${sql}: ${Math.round(took)} ms, ${Math.round(usual)} ms usually`)
  }
  t.comment(`the slowest after ${Math.round(slowest)} ms; the limit is ${TIME_LIMIT_MS} ms`)
})

t.test('10 MB of SQL are refused', async (t) => {
  const { client } = await aService(t)
  const answer = await client.send('POST', `/spreadsheets/${BOOK}/query`, { sql: `SELECT '${'x'.repeat(10_000_000)}'` })
  t.equal(answer.status, 413)
  t.equal(await codeOf(answer), 'BODY_TOO_LARGE')
})

const RUNAWAYS = [
  'SELECT len(range(200000000))',
  "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000))",
  "SELECT regexp_matches(repeat('a', 5000000), '(a+)+$b')",
  "SELECT repeat('x', 100000000)",
  'SELECT list_sort(range(30000000))',
  "SELECT string_agg(i::VARCHAR, ',') FROM range(300000000) r(i)",
  'SELECT count(*) FROM generate_series(1, 100000000000)',
  'SELECT count(*) FROM (SELECT unnest(range(1000000000)))',
  'SELECT * FROM range(10000000000) USING SAMPLE 10 ROWS',
  "SELECT json_valid(repeat('[', 10000000))",
  'SELECT list_reduce(range(10000000), (a, b) -> a + b)',
  'SELECT list_transform(range(100000), x -> list_transform(range(100000), y -> x * y))',
  "SELECT jaro_winkler_similarity(repeat('ab', 200000), repeat('ba', 200000))",
  "SELECT format('{:>2000000000}', 'a')",
  "SELECT replace(repeat('a', 50000000), 'a', repeat('b', 1000))",
  'SELECT count(DISTINCT i) FROM range(1000000000) r(i)',
  'SELECT list_distinct(range(50000000))',
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n',
  "WITH RECURSIVE r(s) AS (SELECT 'a' UNION ALL SELECT s || s FROM r) SELECT max(length(s)) FROM r",
  'SELECT count(*) FROM range(1000000) a, range(1000000) b',
  'SELECT sleep_ms(100000)',
  'SELECT median(i) OVER (ORDER BY i ROWS BETWEEN 1000000 PRECEDING AND CURRENT ROW) FROM range(10000000) r(i)',
]
