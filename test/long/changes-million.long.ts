import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import t, { type Test } from 'tap'
import type { ChangesAnswer } from '../../src/rows/engine/protocol.ts'
import { ASKING, anEngine } from '../rows/engine/an-engine.ts'
import { memoryMb } from '../support/child-processes.ts'
import { aDirectory } from '../support/service.ts'

// Changes between tables of a million rows: CPU time of the engine's process, its memory at the most, and what it finds.
const ROWS = Number(process.env.CHANGES_ROWS ?? 1_000_000)
/** Seconds of CPU; more than QUERY_TIME_LIMIT would not be answered. */
const MOST_CPU = 10
/** Megabytes of the whole process: QUERY_MEMORY and a little for what Node has beside it. */
const MOST_MB = 256 + 32

const COLUMNS = ['Order', 'Item', 'Price', 'Day', 'Paid', 'Note', 'Weight', 'City']
/** Rows as of any sync, by their number `i`. */
const CELLS = `
  i AS "Order", 'item ' || i % 977 AS "Item", (i * 7 % 10000) / 100 AS "Price", DATE '2024-01-01' + (i % 366)::INT AS "Day",
  i % 3 = 0 AS "Paid", 'note of the order ' || i AS "Note", i / 8 AS "Weight", 'city ' || i % 50 AS "City"`
const SINCE = `SELECT ${CELLS} FROM range(${ROWS}) AS t(i)`

/** What each edit makes of the rows, and what is then found by a key: added, removed, changed and keys of several rows. */
const EDITS = {
  'some rows': {
    rows: `SELECT -1 AS "Order", * EXCLUDE "Order" FROM (${SINCE} LIMIT 1)
      UNION ALL SELECT * REPLACE (CASE WHEN "Order" % 100000 = 7 THEN -1 ELSE "Price" END AS "Price") FROM (${SINCE}) WHERE "Order" % 100000 <> 5
      UNION ALL SELECT * REPLACE ('again' AS "Item") FROM (${SINCE}) WHERE "Order" % 250000 = 500`,
    byOrder: { added: 1 + ROWS / 250_000, removed: ROWS / 100_000, changed: ROWS / 100_000, repeated: ROWS / 250_000 },
    whole: { added: 1 + ROWS / 250_000 + ROWS / 100_000, removed: (2 * ROWS) / 100_000, changed: 0, repeated: 0 },
  },
  'every row': {
    rows: `SELECT * REPLACE ("Price" + 1 AS "Price") FROM (${SINCE})`,
    byOrder: { added: 0, removed: 0, changed: ROWS, repeated: 0 },
    whole: { added: ROWS, removed: ROWS, changed: 0, repeated: 0 },
  },
  'every key': {
    rows: `SELECT * REPLACE ("Order" + ${ROWS} AS "Order") FROM (${SINCE})`,
    byOrder: { added: ROWS, removed: ROWS, changed: 0, repeated: 0 },
    whole: { added: ROWS, removed: ROWS, changed: 0, repeated: 0 },
  },
} as const
type Edit = keyof typeof EDITS

/** Builds the tables once: a million rows take seconds. */
const tables = await theTables()

for (const [edit, { byOrder, whole }] of Object.entries(EDITS)) {
  t.test(
    `${ROWS} rows, of which ${edit} differ, are compared in time and within the engine's memory`,
    { skip: process.platform !== 'linux' && 'needs /proc', timeout: 600_000 },
    async (t) => {
      const compare = await aComparison(t, edit as Edit)
      // City has 50 values, so each row stands under a repeated key.
      const byCity = { ...whole, repeated: 50 }
      const ways = [['Order', byOrder] as const, [undefined, whole] as const, ['City', byCity] as const]
      for (const [key, expected] of edit === 'some rows'
        ? ways
        : edit === 'every row'
          ? ways.slice(0, 1)
          : ways.slice(1, 2)) {
        const first = await compare(key, 0)
        t.strictSame(countsOf(first), expected, `by ${key ?? 'whole rows'}`)
        const total = expected.added + expected.removed + expected.changed
        t.strictSame([first.rows, first.hasMore], [Math.min(1000, total), total > 1000], 'a page is bounded')
        if (edit === 'some rows' && key === 'Order') tellsEachChange(t, first)
        // Of so few changes the first page is the last one.
        if (total <= 1000) continue
        const last = await compare(key, total - 3)
        t.strictSame([countsOf(last), last.rows, last.hasMore], [expected, 3, false], 'the last page is as near')
      }
    },
  )
}

t.test('more rows than there is memory for are refused in words', { timeout: 600_000 }, async (t) => {
  const compare = await aComparison(t, 'every key', 128)
  await t.rejects(compare('Order', 0), { code: 'QUERY_LIMIT_EXCEEDED', message: /QUERY_MEMORY/ })
})

/** What some of the rows have changed, by key: each row, and each cell. */
function tellsEachChange(t: Test, { changes, duplicateKeys }: Compared): void {
  t.match(changes[0], { change: 'added', row: { Order: -1, Item: 'item 0' } })
  t.strictSame(
    changes.find(({ change }) => change === 'changed'),
    {
      change: 'changed',
      key: { Order: 7 },
      columns: { Price: { old: 0.49, new: -1 } },
    },
  )
  t.match(
    changes.find(({ change }) => change === 'removed'),
    { row: { Order: 5 } },
  )
  t.match(
    changes.findLast(({ change }) => change === 'added'),
    { row: { Item: 'again' } },
  )
  t.match(duplicateKeys.examples[0], { key: { Order: 500 }, since: 1, until: 2 })
}

function countsOf({ counts, duplicateKeys }: ChangesAnswer) {
  return { ...counts, repeated: duplicateKeys.count }
}

/** The files of the rows as of the earlier sync, and as each edit made them. */
async function theTables(): Promise<Record<Edit | 'since', string>> {
  const directory = await aDirectory(t)
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  const make = async (name: string, rows: string) => {
    const file = join(directory, `${name}.duckdb`)
    // As an import makes them.
    await connection.run(`ATTACH '${file}' AS made (BLOCK_SIZE 16384)`)
    await connection.run(`CREATE TABLE made.t AS ${rows}`)
    await connection.run('DETACH made')
    return file
  }
  const files = {
    since: await make('since', SINCE),
    'some rows': await make('some rows', EDITS['some rows'].rows),
    'every row': await make('every row', EDITS['every row'].rows),
    'every key': await make('every key', EDITS['every key'].rows),
  }
  connection.closeSync()
  instance.closeSync()
  return files
}

/** An engine, and how it compares two of the tables; what it used is held against its limits each time. */
async function aComparison(t: Test, edit: Edit, memoryMB = 256) {
  const { engine, directory } = await anEngine(t, { memoryBytes: memoryMB * 1024 * 1024, timeLimitMs: 300_000 })
  await engine.tablesIn('SELECT 1', ASKING)
  let answers = 0
  return async (key: string | undefined, offset: number): Promise<Compared> => {
    answers += 1
    const [pid = 0] = engine.pids
    const before = await cpuSeconds(pid)
    const answer = await engine.changes(
      {
        since: { file: tables.since, columns: COLUMNS },
        until: { file: tables[edit], columns: COLUMNS },
        common: COLUMNS.map((column) => ({ since: column, until: column, isKey: column === key })),
        ...{ offset, limit: 1000, answerFile: join(directory, `changes-${answers}`), maxBytes: 10_000_000 },
      },
      ASKING,
    )
    t.strictSame(engine.pids, [pid], 'the process goes on')
    const cpu = (await cpuSeconds(pid)) - before
    const peak = (await memoryMb(pid, 'VmHWM')) ?? Number.POSITIVE_INFINITY
    t.comment(
      `by ${key ?? 'whole rows'}, from ${offset}: ${cpu.toFixed(1)} s of CPU, ${Math.round(peak)} MB at the most`,
    )
    t.ok(cpu <= MOST_CPU, `${cpu} s`)
    t.ok(peak <= MOST_MB, `${peak} MB`)
    const text = answer.content ?? (await readFile(join(directory, `changes-${answers}`)))
    return { ...answer, changes: JSON.parse(Buffer.from(text).toString()) as Compared['changes'] }
  }
}

interface Compared extends ChangesAnswer {
  readonly changes: readonly { readonly change: string }[]
}

/** User and system time of a process (proc(5)). */
async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'latin1')).split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
