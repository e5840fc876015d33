import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { columnIndex } from './a1.ts'
import { type CellValue, date, dateTime, duration, error, formula, time, type Writable } from './cells.ts'
import { parseCsv } from './csv.ts'
import { syntheticTab } from './synthetic.ts'
import { type NamedRange, type Rectangle, type Tab, tabFromRows, type Workbook } from './workbook.ts'

const TYPE = z.enum(['auto', 'text', 'number', 'boolean', 'date', 'time', 'dateTime', 'duration'])
const COLUMN = z.union([
  TYPE,
  z.strictObject({
    type: TYPE,
    /** A Sheets date pattern. */
    pattern: z.string().exactOptional(),
    /** The formula of the column's cells, `{row}` being the row number; the CSV then holds what they show. */
    formula: z.string().exactOptional(),
  }),
])
const COUNT = z.int().min(1)
const RANGE = z.string().regex(/^[A-Z]{1,3}[1-9]\d*:[A-Z]{1,3}[1-9]\d*$/, 'wants a range such as A1:C3')
const NAMED = { gid: z.int().min(0), title: z.string().min(1), hidden: z.boolean().exactOptional() }

const TAB = z.union([
  z.strictObject({
    ...NAMED,
    /** A file beside this one; a tab without it is empty. */
    csv: z.string().exactOptional(),
    /** Rows at the top that are text whatever the columns hold. Default 1. */
    headerRows: z.int().min(0).default(1),
    /** What each column holds, by letter. `auto`, the default, knows numbers, TRUE, FALSE and `#REF!`-like errors. */
    columns: z.record(z.string().regex(/^[A-Z]{1,3}$/), COLUMN).default({}),
    rowCount: COUNT.exactOptional(),
    columnCount: COUNT.exactOptional(),
    frozenRowCount: COUNT.exactOptional(),
    merges: z.array(RANGE).exactOptional(),
  }),
  z.strictObject({
    ...NAMED,
    synthetic: z.strictObject({
      rows: COUNT,
      columns: COUNT,
      kind: z.enum(['mixed', 'numbers', 'text', 'dates']).default('mixed'),
      dateColumns: z.array(z.int().min(0)).exactOptional(),
    }),
  }),
  z.strictObject({ ...NAMED, sheetType: z.literal('OBJECT') }),
])

const WORKBOOK = z.strictObject({
  id: z.string().regex(/^[\w-]{1,128}$/),
  title: z.string(),
  locale: z.string().exactOptional(),
  timeZone: z.string().exactOptional(),
  version: COUNT.exactOptional(),
  driveId: z.string().exactOptional(),
  isOpenByLink: z.boolean().exactOptional(),
  sharedWith: z.array(z.email()).exactOptional(),
  tabs: z.array(TAB).min(1),
  namedRanges: z.array(z.strictObject({ name: z.string(), gid: z.int(), range: RANGE })).exactOptional(),
})

/** The rectangle of a text such as `A1:C3`. */
function rectangle(text: string): Rectangle {
  const [, left = '', top, right = '', bottom] = /^([A-Z]+)(\d+):([A-Z]+)(\d+)$/.exec(text) ?? []
  return {
    startRowIndex: Number(top) - 1,
    endRowIndex: Number(bottom),
    startColumnIndex: columnIndex(left),
    endColumnIndex: columnIndex(right) + 1,
  }
}

function parseValue(text: string, type: z.infer<typeof TYPE>, pattern: string | undefined): CellValue {
  if (text === '') return null
  if (/^#(REF!|N\/A|DIV\/0!|VALUE!|NAME\?|NUM!|NULL!|ERROR!)$/.test(text)) return error(text)
  switch (type) {
    case 'date':
      return date(text, pattern)
    case 'time':
      return time(text, pattern)
    case 'dateTime':
      return dateTime(text, pattern)
    case 'duration':
      return duration(text, pattern)
    case 'text':
      return text
    case 'number':
      return Number(text)
    case 'boolean':
      return text === 'TRUE'
  }
  if (text === 'TRUE' || text === 'FALSE') return text === 'TRUE'
  return /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(text) ? Number(text) : text
}

async function loadTab(folder: string, tab: z.infer<typeof TAB>): Promise<Tab> {
  if ('sheetType' in tab) return tab
  const { gid, title } = tab
  const hidden = tab.hidden === undefined ? {} : { hidden: tab.hidden }
  if ('synthetic' in tab) return { ...syntheticTab({ gid, title, ...tab.synthetic }), ...hidden }
  const { csv, headerRows, columns, merges, rowCount, columnCount, frozenRowCount } = tab
  const lines = csv === undefined ? [] : parseCsv(await readFile(join(folder, csv), 'utf8'))
  const types = new Map(
    Object.entries(columns).map(([letters, column]) => [
      columnIndex(letters),
      typeof column === 'string' ? { type: column } : column,
    ]),
  )
  const rows = lines.map((line, row) =>
    line.map((text, column): Writable => {
      if (row < headerRows) return text
      const { type = 'auto', pattern, formula: template } = types.get(column) ?? {}
      const value = parseValue(text, type, pattern)
      return template === undefined || value === null
        ? value
        : formula(template.replaceAll('{row}', `${row + 1}`), value)
    }),
  )
  return tabFromRows(gid, title, rows, {
    ...hidden,
    ...(rowCount !== undefined && { rowCount: Math.max(rowCount, rows.length) }),
    ...(columnCount !== undefined && { columnCount }),
    ...(frozenRowCount !== undefined && { frozenRowCount }),
    ...(merges && { merges: merges.map(rectangle) }),
  })
}

/** Reads one workbook: a folder with `workbook.json` and the CSV files it names. Rejects with the file that is wrong. */
export async function loadWorkbook(folder: string): Promise<Workbook> {
  const file = join(folder, 'workbook.json')
  const parsed = WORKBOOK.safeParse(JSON.parse(await readFile(file, 'utf8')))
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`, { cause: parsed.error })
  const { tabs, namedRanges = [], ...rest } = parsed.data
  return {
    ...rest,
    tabs: await Promise.all(tabs.map((tab) => loadTab(folder, tab))),
    namedRanges: namedRanges.map(({ name, gid, range }): NamedRange => ({ name, gid, range: rectangle(range) })),
  }
}

/** Reads every workbook of a folder of such folders, in order of their names. */
export async function loadWorkbooks(folder: string): Promise<Workbook[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return await Promise.all(names.sort().map((name) => loadWorkbook(join(folder, name))))
}
