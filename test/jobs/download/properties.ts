import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import type { Test } from 'tap'
import type { ColumnTally } from '../../../src/model/column-schema.ts'
import type { SyncRequestInput } from '../../../src/model/sync-request.ts'
import type { FileResponse } from '../../../src/routes/file-response.ts'
import { asOtherForm } from '../../../src/routes/json-lines.ts'
import { sha256 } from '../../snapshots/manifests.ts'
import { aDownloader, callsOf, LeapingClock } from '../downloads.ts'
import { parseCsv } from './csv.ts'
import { type Expected, expected, grid, request, tabOf } from './grids.ts'

type Cell = string | number | boolean | null

/** Any grids, read in calls of any size, come out equal in each format. A failure prints its seed. */
export async function gridsComeOutEqual(t: Test, numRuns: number, seed: number): Promise<void> {
  const clock = new LeapingClock()
  const downloader = await aDownloader(t, { clock })
  await fc.assert(
    fc.asyncProperty(
      fc.array(grid, { minLength: 1, maxLength: 4 }),
      request,
      fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(50_000)),
      fc.constantFrom(760, 900, 6000),
      async (grids, asked, cells, urlBytes) => {
        downloader.tune({ ...callsOf(cells), urlBytes })
        downloader.emulator.addWorkbook({
          id: 'book',
          title: 'Book',
          tabs: grids.map((one, index) => tabOf(index, `Tab '${index}'!`, one)),
        })
        const result = await downloader.run({ ...asked, formats: ['json', 'ndjson', 'csv'] } as SyncRequestInput)
        for (const [index, one] of grids.entries()) {
          const want = expected(one, asked.headerRow, asked.dates)
          const json = await downloader.text(result, 'json', index)
          const ndjson = await downloader.text(result, 'ndjson', index)
          equal(rowsOfJson(JSON.parse(json)), jsonRows(want), 'json')
          equal(await otherForm(json, 'ndjson', want.rows.length), ndjson, 'NDJSON made of the JSON')
          equal(await otherForm(ndjson, 'json', want.rows.length), json, 'JSON made of the NDJSON')
          equal(rowsOfJson(linesOf(ndjson).map((line) => JSON.parse(line))), jsonRows(want), 'ndjson')
          const csv = await downloader.text(result, 'csv', index)
          equal(asked.csv.bom, csv.startsWith('\uFEFF') && asked.csv.bom, 'byte order mark')
          equal(parseCsv(csv.slice(asked.csv.bom ? 1 : 0)), csvRows(want, asked.csv), 'csv')
          const tab = result.report.tabs?.[index]
          equal([tab?.rows, tab?.columns, tab?.state], [want.rows.length, want.width, 'done'], 'tab')
          for (const file of tab?.files ?? []) {
            const text = await downloader.text(result, file.format, index)
            equal([file.bytes, file.sha256], [Buffer.byteLength(text), sha256(text)], `what is said of ${file.name}`)
          }
          const [manifest] = await downloader.snapshots.list('book')
          equal(sorted(manifest?.tabs[index]?.tallies), sorted(want.tallies), 'tallies')
          const warning = result.report.warnings?.find(
            (one) => one.code === 'HEADERS_TRIMMED' && one.tab === tab?.title,
          )
          equal(warning?.count ?? 0, want.trimmed, 'headers trimmed')
        }
        await downloader.snapshots.prune('book')
      },
    ),
    { numRuns, seed },
  )
}

/** Kinds in whatever order they were found. */
function sorted(tallies: readonly ColumnTally[] | null | undefined): unknown {
  return tallies?.map(({ values, ...rest }) => ({ values: Object.entries(values).sort(byName), ...rest }))
}

/** What is answered where there is only the other file. */
async function otherForm(content: string, format: 'json' | 'ndjson', rows: number): Promise<string> {
  const bytes = Buffer.from(content)
  const file: FileResponse = {
    format: format === 'json' ? 'ndjson' : 'json',
    name: 'tab',
    bytes: bytes.length,
    tag: '',
    publishedAt: '',
    disposition: 'inline',
    hasRanges: true,
    open: async (range) => Readable.from([bytes.subarray(range?.start, (range?.end ?? -1) + 1)]),
  }
  const stream = await asOtherForm(file, format, rows).open()
  return stream === undefined ? '' : text(stream)
}

/** Any title is read as itself, beside tabs that it might be taken for. */
export async function titlesAreReadAsThemselves(t: Test, numRuns: number, seed: number): Promise<void> {
  const downloader = await aDownloader(t, { clock: new LeapingClock() })
  const tricky = fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      '!',
      ':',
      'A',
      '1',
      '$',
      'R',
      'C',
      ' ',
      '&',
      '+',
      '%',
      '/',
      '?',
      '#',
      '=',
      ',',
      '🌵',
      'é',
    ),
    minLength: 1,
    maxLength: 12,
  })
  const lookAlike = fc.constantFrom(
    'CRM26',
    'A1',
    'A1:B2',
    'R1C1',
    "'",
    "''",
    "'A'!A1",
    'A:A',
    '1:1',
    'Sheet1!A1',
    'true',
    '2024',
    '__proto__',
    'named',
  )
  const title = fc.oneof(tricky, lookAlike, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }))
  const titles = fc.uniqueArray(title, { minLength: 1, maxLength: 5, selector: (one) => one.toLowerCase() })
  await fc.assert(
    fc.asyncProperty(titles, async (names) => {
      downloader.emulator.addWorkbook({
        id: 'book',
        title: 'Book',
        tabs: names.map((name, gid) =>
          tabOf(gid, name, { rows: [[same('h')], [same(name)]], moreRows: 1, moreColumns: 1 }),
        ),
        namedRanges: [
          {
            name: 'named',
            gid: 0,
            range: { startRowIndex: 0, endRowIndex: 1, startColumnIndex: 0, endColumnIndex: 1 },
          },
        ],
      })
      const result = await downloader.run({ tabs: names })
      for (const [index, name] of names.entries()) {
        equal(JSON.parse(await downloader.text(result, 'json', index)), [{ h: name }], name)
      }
      await downloader.snapshots.prune('book')
    }),
    { numRuns, seed },
  )
}

const same = (value: string) => ({ put: value, iso: value, serial: value })

function linesOf(text: string): string[] {
  if (text !== '' && !text.endsWith('\n')) throw new SyntaxError('the last line does not end')
  return text.split('\n').slice(0, -1)
}

/** Objects as lists of name and value, sorted, for the names may be any. */
function rowsOfJson(rows: unknown): unknown[] {
  return (rows as unknown[]).map((row) => (Array.isArray(row) ? row : Object.entries(row as object).sort(byName)))
}

function jsonRows({ names, rows }: Expected): unknown[] {
  if (names === null) return [...rows]
  return rows.map((row) => names.map((name, column): [string, Cell] => [name, row[column] ?? null]).sort(byName))
}

function byName([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0
}

function csvRows({ names, rows, width }: Expected, csv: { injection: string }): string[][] {
  const text = (cell: Cell | undefined): string => {
    if (cell === null || cell === undefined) return ''
    if (typeof cell !== 'string') return String(cell).replace('true', 'TRUE').replace('false', 'FALSE')
    const mayRun = /^[\t\r\n\0]/.test(cell) || /^[=+\-@＝＋－＠]/.test(cell.replace(/^[\s\0]*/, ''))
    return csv.injection === 'escape' && mayRun ? `'${cell}` : cell
  }
  // A duration below zero is a number that is shown, and no formula.
  const isDuration = (cell: Cell | undefined) => typeof cell === 'string' && /^-\d\d+:\d\d:\d\d$/.test(cell)
  const field = (cell: Cell | undefined) => (isDuration(cell) ? String(cell) : text(cell))
  const lines = rows.map((row) => Array.from({ length: Math.max(width, 1) }, (_, column) => field(row[column])))
  if (names !== null && width > 0) lines.unshift(names.map(text))
  return lines
}

function equal(found: unknown, wanted: unknown, what: string): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)]
  if (one !== other) throw new Error(`${what}: found ${one?.slice(0, 2000)}, wanted ${other?.slice(0, 2000)}`)
}
