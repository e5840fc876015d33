import { formatRange, type Place, resolveRange } from './a1.ts'
import { keeps, type Mask } from './fields.ts'
import { badRequest } from './google-error.ts'
import type { LiveWorkbook } from './live-workbook.ts'
import { type DateRender, type Render, renderer, type ValueRender } from './render.ts'

/** A read of values as asked: places found, options checked. */
export interface ValuesRead {
  places: Place[]
  columnsFirst: boolean
  render: Render
  /** Cells of the places, which is what latency is counted by. */
  cells: number
}

const DIMENSIONS = ['ROWS', 'COLUMNS'] as const
const VALUE_RENDERS = ['FORMATTED_VALUE', 'UNFORMATTED_VALUE', 'FORMULA'] as const satisfies readonly ValueRender[]
const DATE_RENDERS = ['SERIAL_NUMBER', 'FORMATTED_STRING'] as const satisfies readonly DateRender[]

/** One of an enum's names from the query; the first is the default, and another is Google's 400. */
function option<T extends string>(query: URLSearchParams, name: string, type: string, names: readonly [T, ...T[]]): T {
  const given = query.get(name)
  if (given === null || given === '' || given.endsWith('_UNSPECIFIED')) return names[0]
  const found = names.find((known) => known === given)
  if (found === undefined) throw badRequest(`Invalid value at '${name}' (type.googleapis.com/${type}), "${given}"`)
  return found
}

/** Checks a read of some A1 ranges and finds their places. Throws Google's 400s. */
export function planRead(workbook: LiveWorkbook, ranges: readonly string[], query: URLSearchParams): ValuesRead {
  const type = 'google.apps.sheets.v4.'
  const dimension = option(query, 'majorDimension', `${type}Dimension`, DIMENSIONS)
  const values = option(query, 'valueRenderOption', `${type}ValueRenderOption`, VALUE_RENDERS)
  const dates = option(query, 'dateTimeRenderOption', `${type}DateTimeRenderOption`, DATE_RENDERS)
  const places = ranges.map((range) => resolveRange(workbook, range))
  const cells = places.reduce(
    (sum, place) => sum + (place.endRowIndex - place.startRowIndex) * (place.endColumnIndex - place.startColumnIndex),
    0,
  )
  return { places, columnsFirst: dimension === 'COLUMNS', render: renderer(values, dates, workbook.locale), cells }
}

/** How an answer is laid out: Google indents by two spaces unless asked for `prettyPrint=false`. */
interface Layout {
  line: (depth: number) => string
  colon: string
}

export function layout(pretty: boolean): Layout {
  const lines = Array.from({ length: 12 }, (_, depth) => `\n${'  '.repeat(depth)}`)
  return pretty ? { line: (depth) => lines[depth] ?? '\n', colon: ': ' } : { line: () => '', colon: ':' }
}

/**
 * The lists inside `values`, one text each with what parts it from the one before. Blank cells at the end of a row and
 * blank rows at the end of the range are left out; a blank row between others is `[]`, a blank cell `""`.
 */
function* lists(place: Place, read: ValuesRead, depth: number, { line }: Layout): Generator<string> {
  const { tab, startRowIndex, endRowIndex, startColumnIndex, endColumnIndex } = place
  const { columnsFirst, render } = read
  const [outerStart, outerEnd] = columnsFirst ? [startColumnIndex, endColumnIndex] : [startRowIndex, endRowIndex]
  const [innerStart, innerEnd] = columnsFirst ? [startRowIndex, endRowIndex] : [startColumnIndex, endColumnIndex]
  const open = `${line(depth)}[`
  const close = `${line(depth)}]`
  const first = line(depth + 1)
  const next = `,${first}`
  const blank = `${next}""`
  let started = false
  let blankRows = 0
  for (let outer = outerStart; outer < outerEnd; outer += 1) {
    let text = ''
    let blanks = 0
    for (let inner = innerStart; inner < innerEnd; inner += 1) {
      const cell = render(columnsFirst ? tab.read(inner, outer) : tab.read(outer, inner))
      if (cell === undefined) {
        blanks += 1
        continue
      }
      if (blanks > 0) {
        text += text === '' ? `${first}""${blank.repeat(blanks - 1)}` : blank.repeat(blanks)
        blanks = 0
      }
      text += (text === '' ? first : next) + cell
    }
    if (text === '') {
      blankRows += 1
      continue
    }
    for (; blankRows > 0; blankRows -= 1) {
      yield started ? `,${open}]` : `${open}]`
      started = true
    }
    yield started ? `,${open}${text}${close}` : `${open}${text}${close}`
    started = true
  }
}

/** One ValueRange in pieces. */
function* valueRange(place: Place, read: ValuesRead, mask: Mask, depth: number, shape: Layout): Generator<string> {
  const { line, colon } = shape
  let separator = ''
  const member = (name: string) => {
    const text = `${separator}${line(depth)}"${name}"${colon}`
    separator = ','
    return text
  }
  yield '{'
  if (keeps(mask, 'range')) yield member('range') + JSON.stringify(formatRange(place.tab.title, place))
  if (keeps(mask, 'majorDimension')) yield `${member('majorDimension')}"${read.columnsFirst ? 'COLUMNS' : 'ROWS'}"`
  if (keeps(mask, 'values')) {
    let some = false
    for (const list of lists(place, read, depth + 1, shape)) {
      yield some ? list : `${member('values')}[${list}`
      some = true
    }
    if (some) yield `${line(depth)}]`
  }
  yield separator === '' ? '}' : `${line(depth - 1)}}`
}

/** The answer of `values.get`, generated as it is sent. */
export function* valuesAnswer(read: ValuesRead, mask: Mask, shape: Layout): Generator<string> {
  for (const place of read.places) yield* valueRange(place, read, mask, 1, shape)
}

/** The answer of `values:batchGet`, generated as it is sent; the ranges come in the order asked. */
export function* batchAnswer(id: string, read: ValuesRead, mask: Mask, shape: Layout): Generator<string> {
  const { line, colon } = shape
  const below = mask === true ? true : mask.get('valueRanges')
  const withId = keeps(mask, 'spreadsheetId')
  yield '{'
  if (withId) yield `${line(1)}"spreadsheetId"${colon}${JSON.stringify(id)}`
  if (below !== undefined && read.places.length > 0) {
    yield `${withId ? ',' : ''}${line(1)}"valueRanges"${colon}[`
    let separator = line(2)
    for (const place of read.places) {
      yield separator
      yield* valueRange(place, read, below, 3, shape)
      separator = `,${line(2)}`
    }
    yield `${line(1)}]`
  }
  yield `${line(0)}}`
}
