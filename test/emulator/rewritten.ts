import { z } from 'zod'
import { date, formula, type Rectangle, tabFromRows, type Workbook, type Writable } from '../../emulator/workbook.ts'

interface Sheet {
  gid: number
  title: string
  rowCount: number
  columnCount: number
  hidden: boolean
  merges: Rectangle[]
  rows: Writable[][]
}

interface Book {
  title: string
  locale: string
  timeZone: string
  sheets: Sheet[]
  named: { id: string; name: string; gid: number; range: Rectangle }[]
}

const RANGE = z.object({
  sheetId: z.number().default(0),
  startRowIndex: z.number(),
  endRowIndex: z.number(),
  startColumnIndex: z.number(),
  endColumnIndex: z.number(),
})
const GRID = z.object({ rowCount: z.number(), columnCount: z.number() })
const BATCH = z.object({
  requests: z.array(
    z.union([
      z.object({ updateSpreadsheetProperties: z.object({ properties: z.record(z.string(), z.string()) }) }),
      z.object({ addSheet: z.object({ properties: z.object({ title: z.string(), gridProperties: GRID }) }) }),
      z.object({ deleteSheet: z.object({ sheetId: z.number() }) }),
      z.object({
        updateSheetProperties: z.object({
          properties: z.object({
            sheetId: z.number(),
            title: z.string().optional(),
            hidden: z.boolean().optional(),
            gridProperties: GRID.optional(),
          }),
        }),
      }),
      z.object({ mergeCells: z.object({ mergeType: z.string(), range: RANGE }) }),
      z.object({ unmergeCells: z.object({ range: RANGE }) }),
      z.object({ addNamedRange: z.object({ namedRange: z.object({ name: z.string(), range: RANGE }) }) }),
    ]),
  ),
})
const SPREADSHEET = z.object({
  properties: z.object({ title: z.string(), locale: z.string(), timeZone: z.string() }),
  sheets: z.array(z.object({ properties: z.object({ sheetId: z.number(), title: z.string(), gridProperties: GRID }) })),
})

const sheet = (gid: number, title: string, rowCount: number, columnCount: number): Sheet => ({
  gid,
  title,
  rowCount,
  columnCount,
  hidden: false,
  merges: [],
  rows: [],
})

/** What a value written as USER_ENTERED becomes; the recordings enter ISO dates and divisions. */
function entered(value: string | number): Writable {
  if (typeof value === 'number') return value
  const [, a, b] = /^=(\d+)\/(\d+)$/.exec(value) ?? []
  if (a !== undefined) return formula(value, Number(a) / Number(b))
  return /^\d{4}-\d\d-\d\d$/.test(value) ? date(value) : value
}

/** Google splits a merge by columns or rows into one merge for each. */
function merges(type: string, { sheetId: _, ...range }: z.infer<typeof RANGE>): Rectangle[] {
  const { startRowIndex, endRowIndex, startColumnIndex, endColumnIndex } = range
  if (type === 'MERGE_ALL') return [range]
  const [from, to] = type === 'MERGE_ROWS' ? [startRowIndex, endRowIndex] : [startColumnIndex, endColumnIndex]
  return Array.from({ length: to - from }, (_, i) =>
    type === 'MERGE_ROWS'
      ? { ...range, startRowIndex: from + i, endRowIndex: from + i + 1 }
      : { ...range, startColumnIndex: from + i, endColumnIndex: from + i + 1 },
  )
}

/** The spreadsheets of a recording, remade from what it wrote. */
export class Rewritten {
  readonly #books = new Map<string, Book>()

  write(method: string, url: URL, body: string, answer: string): void {
    if (url.pathname === '/drive/v3/files') {
      const { id, name } = z.object({ id: z.string(), name: z.string() }).parse(JSON.parse(answer))
      const sheets = [sheet(0, 'Sheet1', 1000, 26)]
      this.#books.set(id, { title: name, locale: 'en_US', timeZone: 'Etc/GMT', sheets, named: [] })
      return
    }
    if (method === 'DELETE') return
    const [, id = '', rest = ''] = /^\/v4\/spreadsheets\/([^/:]+)(.*)$/.exec(decodeURIComponent(url.pathname)) ?? []
    const book = this.#books.get(id)
    if (!book) throw new Error(`a write to an unknown spreadsheet: ${url.pathname}`)
    if (rest === ':batchUpdate') {
      this.#update(book, body, answer)
      return
    }
    const title = rest
      .replace(/^\/values\//, '')
      .replace(/(![^!]*)?(:clear)?$/, '')
      .replace(/^'(.*)'$/, '$1')
    const target = book.sheets.find((candidate) => candidate.title === title)
    if (!target) throw new Error(`a write to an unknown sheet: ${rest}`)
    if (rest.endsWith(':clear')) {
      target.rows = []
      return
    }
    const { values } = z.object({ values: z.array(z.array(z.union([z.string(), z.number()]))) }).parse(JSON.parse(body))
    const raw = url.searchParams.get('valueInputOption') === 'RAW'
    target.rows = values.map((row) => row.map((value) => (raw ? value : entered(value))))
  }

  /** One spreadsheet; one that the recording did not make is remade from the answer itself, which tests its shape. */
  workbook(id: string, answer: string): Workbook {
    const book = this.#books.get(id) ?? fromAnswer(answer)
    return {
      id,
      title: book.title,
      locale: book.locale,
      timeZone: book.timeZone,
      tabs: book.sheets.map(({ gid, title, rows, ...options }) => tabFromRows(gid, title, rows, options)),
      namedRanges: book.named,
    }
  }

  #update(book: Book, body: string, answer: string): void {
    const [request] = BATCH.parse(JSON.parse(body)).requests
    const find = (gid: number) => book.sheets.find((candidate) => candidate.gid === gid)
    if (!request) return
    if ('updateSpreadsheetProperties' in request) Object.assign(book, request.updateSpreadsheetProperties.properties)
    else if ('addSheet' in request) {
      const { title, gridProperties } = request.addSheet.properties
      const gid = Number(/"sheetId": (\d+)/.exec(answer)?.[1])
      book.sheets.push(sheet(gid, title, gridProperties.rowCount, gridProperties.columnCount))
    } else if ('deleteSheet' in request) {
      book.sheets = book.sheets.filter(({ gid }) => gid !== request.deleteSheet.sheetId)
    } else if ('updateSheetProperties' in request) {
      const { sheetId, gridProperties, ...properties } = request.updateSheetProperties.properties
      Object.assign(find(sheetId) ?? {}, properties, gridProperties)
    } else if ('mergeCells' in request) {
      const { mergeType, range } = request.mergeCells
      find(range.sheetId)?.merges.push(...merges(mergeType, range))
    } else if ('unmergeCells' in request) Object.assign(find(request.unmergeCells.range.sheetId) ?? {}, { merges: [] })
    else {
      const { name, range } = request.addNamedRange.namedRange
      const { sheetId: gid, ...rectangle } = range
      const namedId = /"namedRangeId": "([^"]+)"/.exec(answer)?.[1] ?? ''
      book.named.push({ id: namedId, name, gid, range: rectangle })
    }
  }
}

function fromAnswer(answer: string): Book {
  const parsed = SPREADSHEET.safeParse(JSON.parse(answer))
  if (!parsed.success) {
    const { name } = z.object({ name: z.string() }).parse(JSON.parse(answer))
    return { title: name, locale: '', timeZone: '', sheets: [], named: [] }
  }
  const { properties, sheets } = parsed.data
  return {
    ...properties,
    sheets: sheets.map(({ properties: { sheetId, title, gridProperties } }) =>
      sheet(sheetId, title, gridProperties.rowCount, gridProperties.columnCount),
    ),
    named: [],
  }
}
