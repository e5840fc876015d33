import t from 'tap'
import type { AppError } from '../../src/errors.ts'
import type { Selection } from '../../src/ports/sheet-source.ts'
import { findAreas } from '../../src/sheets/find-areas.ts'
import { asDescription } from '../../src/sheets/google-description.ts'

const grid = { gridProperties: { rowCount: 10, columnCount: 5 } }
const spreadsheet = asDescription({
  properties: { title: 'Book' },
  sheets: [
    { properties: { title: 'First', ...grid } },
    { properties: { sheetId: 5, title: 'Caf\u00e9', ...grid } },
    { properties: { sheetId: 7, title: 'gid:5', ...grid } },
    { properties: { sheetId: 8, title: 'gid:99', ...grid } },
    { properties: { sheetId: 9, title: 'Gone', ...grid } },
  ],
  namedRanges: [
    { name: 'Gone', range: {} },
    { name: 'Lost' },
    { name: 'Deleted', range: { sheetId: 404, startRowIndex: 0, endRowIndex: 1 } },
    { name: 'Kept', range: { startRowIndex: 0, endRowIndex: 2, startColumnIndex: 0, endColumnIndex: 2 } },
    { name: 'Whole', range: { sheetId: 5 } },
  ],
})

function gids(selection: Partial<Selection>): number[] {
  return findAreas(spreadsheet, { tabs: null, ranges: null, headerRow: 1, ...selection }).areas.map(({ gid }) => gid)
}

t.test(
  'a request names a tab by the rule that reads go by: gid:N, or a title in whatever case and composition',
  async (t) => {
    t.strictSame(gids({ tabs: ['first', 'CAFE\u0301', 'gid:99'] }), [0, 5, 8])
    t.strictSame(gids({ tabs: ['gid:5'] }), [5], 'the tab with that gid before one that is called so')
    t.strictSame(gids({ ranges: ['gid:0!A1:B2', 'gid:5!A1', "'CAFE\u0301'!A:B", 'gid:99!A1'] }), [0, 5, 5, 8])
    const [{ rectangle } = {}] = findAreas(spreadsheet, { tabs: null, ranges: ['gid:5!A1:B2'], headerRow: 1 }).areas
    t.match(rectangle, { startRow: 0, endRow: 2, startColumn: 0, endColumn: 2 })
    t.throws(() => gids({ ranges: ['gid:404!A1'] }), { code: 'RANGE_NOT_FOUND' })
  },
)

t.test(
  'a named range whose cells are gone is not found, and is neither a whole tab nor another of its name',
  async (t) => {
    for (const name of ['Gone', 'gone', 'Lost', 'Deleted', 'First!Gone']) {
      try {
        gids({ ranges: [name] })
        t.fail(`${name} was found`)
      } catch (error) {
        t.match(error, { code: 'RANGE_NOT_FOUND', errors: [{ field: 'ranges[0]' }] }, name)
        t.match((error as AppError).hint, /Named ranges: .*"Kept"/)
        t.notMatch((error as AppError).hint, /Named ranges: .*"(?:Gone|Lost)"/)
      }
    }
    t.strictSame(gids({ ranges: ['kept', 'Whole'] }), [0, 5])
  },
)
