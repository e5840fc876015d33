import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { GoogleSpreadsheet } from 'google-spreadsheet'
import { compete } from './contestant.ts'

/** The library as its own guide uses it: `getRows` of the sheet, and a line for each row. */
await compete(async ({ rootUrl, spreadsheet }, directory) => {
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
      for (const row of await sheet.getRows()) {
        const object = row.toObject()
        for (const name of sheet.headerValues) object[name] = object[name] === '' ? null : (object[name] ?? null)
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
