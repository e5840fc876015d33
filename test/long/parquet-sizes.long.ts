import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { zstdDecompressSync } from 'node:zlib'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import t, { type Test } from 'tap'
import { type GridTab, syntheticTab, tabFromRows } from '../../emulator/workbook.ts'
import { peaksWhile } from '../support/child-processes.ts'
import {
  aDirectory,
  anEmulator,
  aServiceProcess,
  environmentFor,
  finished,
  pollUntil,
  startSync,
} from '../support/service.ts'

// Parquet of large tabs: memory of the service and of its engine, and the file read back by another reader of Parquet,
// beside the NDJSON of the same sync. PARQUET_ROWS=1000000 asks for ten million cells.
const ROWS = Number(process.env.PARQUET_ROWS ?? 100_000)
const LONG_ROWS = Number(process.env.PARQUET_LONG_ROWS ?? 1000)
/** Megabytes: QUERY_MEMORY and what Node and an answer need beside it; wide tables have more (docs/asking.md). */
const engineMb = (columns: number) => 244 + 80 + (columns > 256 ? 64 + (columns * 12) / 1024 : 0)
/** Wide tables more: 10 million cells of 2,000 columns were seen to take 422 on a busy machine. */
const serviceMb = (columns: number) => (columns > 256 ? 448 : 384)
const BOOK = 'book-0123456789_abcdefghijklmnopqrstuvwxyz'

const LONG: GridTab = {
  ...tabFromRows(0, 'Long', [['n', 'text']]),
  rowCount: LONG_ROWS,
  cell: (row, column) =>
    row === 0 ? (column === 0 ? 'n' : 'text') : column === 0 ? row : `${row} `.padEnd(50_000, 'äbc'),
}

t.test(`${ROWS} rows of 10 columns`, { timeout: 1_800_000 }, (t) =>
  sameRows(t, syntheticTab({ gid: 0, title: 'Data', rows: ROWS, columns: 10, kind: 'mixed' })),
)
// A little more than the 2,048 rows that DuckDB handles at once.
const WIDE_ROWS = Math.max(2100, Math.min(5000, ROWS / 50))
t.test(`${WIDE_ROWS} rows of 1,000 columns`, { timeout: 1_800_000 }, (t) =>
  sameRows(t, syntheticTab({ gid: 0, title: 'Wide', rows: WIDE_ROWS, columns: 1000, kind: 'mixed' })),
)
t.test('18,000 columns', { timeout: 1_800_000 }, (t) =>
  sameRows(t, syntheticTab({ gid: 0, title: 'Widest', rows: 20, columns: 18_000, kind: 'mixed' })),
)
t.test(`${LONG_ROWS} cells of 50,000 characters`, { timeout: 1_800_000 }, (t) => sameRows(t, LONG))

/** Downloads a tab as NDJSON and as Parquet, and compares their rows. */
async function sameRows(t: Test, tab: GridTab): Promise<void> {
  const emulator = await anEmulator(t, { workbooks: [{ id: BOOK, title: 'Book', tabs: [tab] }] })
  const directory = await aDirectory(t)
  const environment = { ...environmentFor(directory), GOOGLE_API_ROOT_URL: emulator.rootUrl, RATE_LIMIT: 'off' }
  const service = await aServiceProcess(t, { ...environment, GOOGLE_READS_PER_MINUTE: '100000' })
  const began = performance.now()
  const { id } = await startSync(service.url, { spreadsheet: BOOK, formats: ['ndjson', 'parquet'] })
  let sync = await pollUntil(service.url, id, () => true)
  const peaks = await peaksWhile(service.process.pid ?? 0, async () => {
    sync = await pollUntil(service.url, id, finished)
  })
  t.match(sync, { state: 'succeeded' }, JSON.stringify(sync.error))
  if (sync.state !== 'succeeded') return
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  t.comment(`${seconds} s; service ${peaks.own.toFixed(0)} MB, engine ${peaks.child.toFixed(0)} MB at most`)
  t.ok(peaks.own < serviceMb(tab.columnCount), `the service had ${peaks.own.toFixed(0)} MB`)
  t.ok(peaks.child < engineMb(tab.columnCount), `the engine had ${peaks.child.toFixed(0)} MB`)
  const [ndjson, parquet] = await Promise.all(
    ['ndjson', 'parquet'].map(async (format) => {
      const file = sync.tabs[0]?.files.find((one) => one.format === format)
      const path = join(directory, `rows.${format}`)
      const answer = await fetch(new URL(file?.href ?? '', service.url))
      if (answer.body === null) throw new Error(`no ${format}`)
      await pipeline(Readable.fromWeb(answer.body), createWriteStream(path))
      t.comment(`${format}: ${(Number(file?.bytes) / 1e6).toFixed(2)} MB`)
      return path
    }),
  )
  t.equal(await unlikeRows(ndjson ?? '', parquet ?? ''), 0, 'rows that are not the same')
}

async function unlikeRows(ndjson: string, parquet: string): Promise<number> {
  const file = await asyncBufferFromFile(parquet)
  const metadata = await parquetMetadataAsync(file)
  const kinds = new Map(metadata.schema.slice(1).map(({ name, converted_type }) => [name, converted_type]))
  const lines = createInterface({ input: createReadStream(ndjson) })[Symbol.asyncIterator]()
  let unlike = 0
  let start = 0
  for (const { num_rows } of metadata.row_groups) {
    const end = start + Number(num_rows)
    const rows = await parquetReadObjects({
      file,
      metadata,
      rowStart: start,
      rowEnd: end,
      compressors: { ZSTD: (input) => zstdDecompressSync(input) },
    })
    for (const row of rows) {
      const { value } = await lines.next()
      if (JSON.stringify(asJson(row, kinds)) !== value) unlike += 1
    }
    start = end
  }
  return (await lines.next()).done === true ? unlike : unlike + 1
}

/** A row as the JSON of a snapshot has it. */
function asJson(row: Record<string, unknown>, kinds: ReadonlyMap<string, string | undefined>): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === 'bigint') return [name, Number(value)]
      if (!(value instanceof Date)) return [name, value]
      const text = value.toISOString()
      return [name, kinds.get(name) === 'DATE' ? text.slice(0, 10) : text.replace(/(?:\.000)?Z$/, '')]
    }),
  )
}
