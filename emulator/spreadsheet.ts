import { resolveRange } from './a1.ts'
import type { LiveTab, LiveWorkbook } from './live-workbook.ts'
import type { Rectangle } from './workbook.ts'

const rgb = (red: number, green: number, blue: number) => ({ red, green, blue })
const WHITE = rgb(1, 1, 1)
const BLACK = {}
const theme = (colorType: string, rgbColor: object) => ({ colorType, color: { rgbColor } })

/** What every new spreadsheet answers, taken from recorded answers. */
const DEFAULTS = {
  defaultFormat: {
    backgroundColor: WHITE,
    padding: { top: 2, right: 3, bottom: 2, left: 3 },
    verticalAlignment: 'BOTTOM',
    wrapStrategy: 'OVERFLOW_CELL',
    textFormat: {
      foregroundColor: BLACK,
      fontFamily: 'arial,sans,sans-serif',
      fontSize: 10,
      bold: false,
      italic: false,
      strikethrough: false,
      underline: false,
      foregroundColorStyle: { rgbColor: BLACK },
    },
    backgroundColorStyle: { rgbColor: WHITE },
  },
  spreadsheetTheme: {
    primaryFontFamily: 'Arial',
    themeColors: [
      theme('TEXT', BLACK),
      theme('BACKGROUND', WHITE),
      theme('ACCENT1', rgb(0.25882354, 0.52156866, 0.95686275)),
      theme('ACCENT2', rgb(0.91764706, 0.2627451, 0.20784314)),
      theme('ACCENT3', rgb(0.9843137, 0.7372549, 0.015686275)),
      theme('ACCENT4', rgb(0.20392157, 0.65882355, 0.3254902)),
      theme('ACCENT5', rgb(1, 0.42745098, 0.003921569)),
      theme('ACCENT6', rgb(0.27450982, 0.7411765, 0.7764706)),
      theme('LINK', rgb(0.06666667, 0.33333334, 0.8)),
    ],
  },
}

/** A GridRange; like all of Google's, without `sheetId` where that is 0. */
function gridRange(gid: number, range: Rectangle): object {
  const { startRowIndex, endRowIndex, startColumnIndex, endColumnIndex } = range
  return { ...(gid !== 0 && { sheetId: gid }), startRowIndex, endRowIndex, startColumnIndex, endColumnIndex }
}

function sheet(tab: LiveTab, index: number): object {
  const { gid, title, rowCount, columnCount, frozenRowCount, hidden, merges, grid } = tab
  const gridProperties = { rowCount, columnCount, ...(frozenRowCount > 0 && { frozenRowCount }) }
  const properties = {
    sheetId: gid,
    title,
    index,
    sheetType: grid ? 'GRID' : 'OBJECT',
    ...(grid && { gridProperties }),
    ...(hidden && { hidden }),
  }
  return {
    properties,
    ...(merges.length > 0 && { merges: merges.map((merge) => gridRange(gid, merge)) }),
    ...(!grid && { charts: [{ chartId: gid, position: { sheetId: gid } }] }),
  }
}

/** A made-up but lasting id for a named range that was given none. */
function namedRangeId(name: string): string {
  let id = 7
  for (const letter of name) id = (Math.imul(id, 31) + (letter.codePointAt(0) ?? 0)) >>> 0
  return String(id)
}

/**
 * The whole answer of `spreadsheets.get` without grid data, in the order Google sends it. With `ranges`, only the sheets
 * that those touch. Throws Google's 400 for a range that names nothing.
 */
export function describe(workbook: LiveWorkbook, ranges: readonly string[]): object {
  const touched = new Set(ranges.map((range) => resolveRange(workbook, range).tab))
  const sheets = workbook.tabs.map((tab, index) => ({ tab, body: sheet(tab, index) }))
  return {
    spreadsheetId: workbook.id,
    properties: {
      title: workbook.title,
      locale: workbook.locale,
      autoRecalc: 'ON_CHANGE',
      timeZone: workbook.timeZone,
      ...DEFAULTS,
    },
    sheets: sheets.filter(({ tab }) => ranges.length === 0 || touched.has(tab)).map(({ body }) => body),
    ...(workbook.namedRanges.length > 0 && {
      namedRanges: workbook.namedRanges.map(({ id, name, gid, range }) => ({
        namedRangeId: id ?? namedRangeId(name),
        name,
        range: gridRange(gid, range),
      })),
    }),
    spreadsheetUrl: `https://docs.google.com/spreadsheets/d/${workbook.id}/edit`,
  }
}
