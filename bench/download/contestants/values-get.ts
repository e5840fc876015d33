import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { sheets } from 'googleapis/build/src/apis/sheets/index.js'
import { compete } from './contestant.ts'

/** A plain `values.get` for each tab, values as numbers and text; dates stay numbers. */
await compete(async ({ rootUrl, spreadsheet }, directory) => {
  const file = join(directory, 'rows.ndjson')
  const api = sheets({ version: 'v4', rootUrl })
  const { data: book } = await api.spreadsheets.get({ spreadsheetId: spreadsheet, fields: 'sheets.properties.title' })
  async function* lines(): AsyncGenerator<string> {
    for (const { properties } of book.sheets ?? []) {
      const range = `'${(properties?.title ?? '').replaceAll("'", "''")}'`
      const { data } = await api.spreadsheets.values.get({
        spreadsheetId: spreadsheet,
        range,
        valueRenderOption: 'UNFORMATTED_VALUE',
      })
      yield (data.values ?? []).map((row) => `${JSON.stringify(row)}\n`).join('')
    }
  }
  await pipeline(lines(), createWriteStream(file))
  return file
})
