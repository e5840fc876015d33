import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { sheets } from 'googleapis/build/src/apis/sheets/index.js'
import { compete } from './contestant.ts'

type Cell = string | number | boolean | null

const DAY_MS = 86_400_000

const SMALL = [{ ranges: ['A1:J1000'], dates: 'SERIAL_NUMBER' }]

/**
 * The loop that anyone would write: the given calls one after the other, objects from rows, a line for each. With
 * `dates: iso` each block's second read comes along with it.
 */
await compete(async ({ rootUrl, spreadsheet, calls = SMALL }, directory) => {
  const file = join(directory, 'rows.ndjson')
  const api = sheets({ version: 'v4', rootUrl })
  const read = async (ranges: readonly string[], dateTimeRenderOption: string) => {
    const { data } = await api.spreadsheets.values.batchGet({
      spreadsheetId: spreadsheet,
      ranges: [...ranges],
      valueRenderOption: 'UNFORMATTED_VALUE',
      dateTimeRenderOption,
      fields: 'valueRanges(range,values)',
      prettyPrint: false,
    })
    return (data.valueRanges ?? []).map(({ range, values }) => ({
      range: range ?? '',
      values: (values ?? []) as Cell[][],
    }))
  }
  const texts = new Map<number, Set<number>>()
  async function* lines(): AsyncGenerator<string> {
    let header: string[] | undefined
    // Second reads first, so that what they tell is there when the rows come.
    for (const { ranges, dates } of calls) {
      if (dates !== 'FORMATTED_STRING') continue
      for (const { range, values } of await read(ranges, dates)) {
        const [, column = 'A', row = '1'] = /!([A-Z]+)(\d+)/.exec(range) ?? []
        const from = column.charCodeAt(0) - 65
        for (const [at, cells] of values.entries()) {
          const set = texts.get(Number(row) + at) ?? new Set()
          texts.set(Number(row) + at, set)
          for (const [index, cell] of cells.entries()) if (typeof cell === 'string') set.add(from + index)
        }
      }
    }
    for (const { ranges, dates } of calls) {
      if (dates === 'FORMATTED_STRING') continue
      for (const { range, values } of await read(ranges, dates)) {
        const row = Number(/!([A-Z]+)(\d+)/.exec(range)?.[2] ?? 1)
        let text = ''
        for (const [at, cells] of values.entries()) {
          if (header === undefined) {
            header = cells.map(String)
            continue
          }
          const object: Record<string, Cell> = {}
          for (const [index, name] of header.entries()) {
            const cell = cells[index] ?? ''
            const isDate = typeof cell === 'number' && texts.get(row + at)?.has(index)
            object[name] = cell === '' ? null : isDate ? isoDate(cell) : cell
          }
          text += `${JSON.stringify(object)}\n`
        }
        yield text
      }
    }
  }
  await pipeline(lines(), createWriteStream(file))
  return file
})

function isoDate(serial: number): string {
  return new Date(Date.UTC(1899, 11, 30) + serial * DAY_MS).toISOString().slice(0, 10)
}
