import t from 'tap'
import { shownAs, tabFromRows, type Workbook, type Writable } from '../../emulator/workbook.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import { aDownloader, callsOf, type Downloader, LeapingClock } from './downloads.ts'

function aBook(rows: readonly (readonly Writable[])[]): Workbook {
  return { id: 'book', title: 'Book', tabs: [tabFromRows(0, 'Data', rows)] }
}

async function rowsOf(downloader: Downloader, body: Partial<SyncRequestInput> = {}) {
  const result = await downloader.run(body)
  return { rows: JSON.parse(await downloader.text(result, 'json')) as unknown, warnings: result.report.warnings ?? [] }
}

t.test('worker threads tell dates as this one does', async (t) => {
  const patterns = ['yyyy-mm-dd', '[h]:mm', '"Week of" d mmm', 'mmm', 'h:mm AM/PM', 'm/d/yyyy h:mm:ss']
  const rows = Array.from({ length: 60 }, (_, n) => patterns.map((pattern) => shownAs(45_000.25 + n, pattern)))
  const told = async (threads: number) => {
    const tuning = { ...callsOf(40), threads }
    return (await rowsOf(await aDownloader(t, { workbooks: [aBook(rows)], tuning }), { headerRow: 0 })).rows
  }
  const [there, here] = [await told(1), await told(0)]
  t.strictSame(there, here)
  const day = '2023-03-15T06:00:00'
  t.strictSame((here as unknown[][])[0], [day, '1080006:00:00', day, day, '06:00:00', day])
})

t.test('a spreadsheet full of cells that never load costs few reads more', async (t) => {
  const rows = Array.from({ length: 400 }, (_, n): Writable[] => [n === 0 ? 'k' : 'Loading...', 'x'])
  const options = { workbooks: [aBook(rows)], clock: new LeapingClock(), tuning: callsOf(10) }
  const downloader = await aDownloader(t, options)
  const waits: (string | null | undefined)[] = []
  const result = await downloader.run({}, { onReport: ({ progress }) => waits.push(progress?.waitingUntil) })
  t.match(result.report.warnings, [{ code: 'LOADING_CELLS', tab: 'Data', count: 399 }])
  t.ok(downloader.emulator.count('values.batchGet') <= 80 + 20, String(downloader.emulator.count('values.batchGet')))
  t.ok(waits.some(Boolean), 'that it waits can be seen')
  t.equal(waits.at(-1), null)
})
