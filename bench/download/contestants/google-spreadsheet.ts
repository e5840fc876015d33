import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { GoogleSpreadsheet, type GoogleSpreadsheetWorksheet } from 'google-spreadsheet'
import { compete } from './contestant.ts'

type Row = Record<string, string | number | boolean | null>

/** As its own guide does it: `getRows` of the sheet. */
async function* shown(sheet: GoogleSpreadsheetWorksheet): AsyncGenerator<Row> {
  for (const row of await sheet.getRows()) {
    const object = row.toObject() as Row
    for (const name of sheet.headerValues) object[name] = object[name] === '' ? null : (object[name] ?? null)
    yield object
  }
}

/** For values with their types and dates as such, which `getRows` does not give: the sheet's cells, in both forms. */
async function* typed(sheet: GoogleSpreadsheetWorksheet): AsyncGenerator<Row> {
  const read = (dateTimeRenderOption: 'SERIAL_NUMBER' | 'FORMATTED_STRING') =>
    sheet.getCellsInRange(
      `A1:${sheet.lastColumnLetter}${sheet.rowCount}`,
      // It hands on all options, though its types name only some.
      Object.assign({ valueRenderOption: 'UNFORMATTED_VALUE' as const }, { dateTimeRenderOption }),
    )
  const rows: Row[string][][] = await read('SERIAL_NUMBER')
  const texts: Row[string][][] = await read('FORMATTED_STRING')
  const header = (rows[0] ?? []).map(String)
  for (const [at, cells] of rows.entries()) {
    if (at === 0) continue
    const object: Row = {}
    for (const [column, name] of header.entries()) {
      const cell = cells[column] ?? ''
      const isDate = typeof cell === 'number' && typeof texts[at]?.[column] === 'string'
      object[name] = cell === '' ? null : isDate ? isoDate(cell) : cell
    }
    yield object
  }
}

function isoDate(serial: number): string {
  return new Date(Date.UTC(1899, 11, 30) + serial * 86_400_000).toISOString().slice(0, 10)
}

/** The library, one sheet after the other, and a line for each row. */
await compete(async ({ rootUrl, spreadsheet, values }, directory) => {
  const file = join(directory, 'rows.ndjson')
  const document = new GoogleSpreadsheet(spreadsheet, { apiKey: 'bench' })
  // It knows one address only; everything else is its own.
  const prefix = `${rootUrl}v4/spreadsheets/${spreadsheet}`
  const withoutSlash = (request: Request | URL | string) =>
    fetch(request instanceof Request ? new Request(request.url.replace(/\/(?=$|\?)/, ''), request) : request)
  Object.assign(document, { sheetsApi: document.sheetsApi.extend({ prefix, fetch: withoutSlash }) })
  await document.loadInfo()
  async function* lines(): AsyncGenerator<string> {
    for (const sheet of document.sheetsByIndex) {
      let text = ''
      for await (const object of values === 'formatted' ? shown(sheet) : typed(sheet)) {
        text += `${JSON.stringify(object)}\n`
        if (text.length < 65_536) continue
        yield text
        text = ''
      }
      yield text
    }
  }
  await pipeline(lines(), createWriteStream(file))
  return file
})
