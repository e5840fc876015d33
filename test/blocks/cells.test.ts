import fc from 'fast-check'
import t from 'tap'
import { BLANK, type CellKind, DATE, ESCAPED_TEXT, FALSE, NUMBER, TEXT, TRUE } from '../../src/blocks/block.ts'
import { CellReader } from '../../src/blocks/cell-reader.ts'
import { withCellWriter } from '../../src/blocks/cell-writer.ts'

type Cell = readonly [kind: CellKind, bytes: string]

const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.constant([BLANK, ''] as const),
  fc.constant([TRUE, ''] as const),
  fc.constant([FALSE, ''] as const),
  fc.integer().map((value) => [NUMBER, String(value)] as const),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => [NUMBER, JSON.stringify(value)] as const),
  fc.constantFrom('2024-01-31', '13:45:00').map((text) => [DATE, text] as const),
  fc.string({ unit: fc.constantFrom('a', 'é', '🌵', ','), minLength: 1 }).map((text) => [TEXT, text] as const),
  fc
    .string({ unit: 'grapheme', minLength: 1 })
    .map((text) => [ESCAPED_TEXT, JSON.stringify(text).slice(1, -1)] as const),
  fc.constantFrom(27, 28, 255, 256, 65_535, 65_536).map((length) => [TEXT, 'x'.repeat(length)] as const),
)

function write(rows: readonly (readonly Cell[])[]) {
  return withCellWriter(1, (out) => {
    for (const row of rows) {
      for (const [kind, text] of row) {
        const bytes = new TextEncoder().encode(text)
        out.cell(kind, bytes, 0, bytes.length)
      }
      out.endRow()
    }
    return { rows: out.rows, cells: out.takeCopy() }
  })
}

/** Rows without what is blank at their end, and without blank rows at the end. */
function trimmed(rows: readonly (readonly Cell[])[]): (readonly Cell[])[] {
  const filled = rows.map((row) => row.slice(0, row.findLastIndex(([kind]) => kind !== BLANK) + 1))
  return filled.slice(0, filled.findLastIndex((row) => row.length > 0) + 1)
}

t.test('cells are read as they were written, blank ends left out', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.array(cell, { maxLength: 6 }), { maxLength: 6 }), (given) => {
      const wanted = trimmed(given)
      const { rows, cells } = write(given)
      if (rows !== wanted.length) throw new Error(`${rows} rows, not ${wanted.length}`)
      const reader = new CellReader(cells)
      const found = wanted.map(() => {
        const row: Cell[] = []
        while (reader.nextCell()) {
          row.push([reader.kind, new TextDecoder().decode(cells.subarray(reader.start, reader.end))])
          if (reader.kind === NUMBER && reader.number() !== Number(reader.text())) throw new Error(reader.text())
        }
        return row
      })
      t.strictSame(found, wanted)
      t.equal(reader.at, cells.length)
    }),
    { numRuns: 300 },
  )
})

t.test('a cell as text', async (t) => {
  const { cells } = write([
    [
      [TEXT, 'é'],
      [ESCAPED_TEXT, 'a\\n\\ud83c\\udf35'],
      [NUMBER, '1E+21'],
      [TRUE, ''],
      [FALSE, ''],
      [BLANK, ''],
      [DATE, '2024-01-31'],
    ],
  ])
  const reader = new CellReader(cells)
  const texts: string[] = []
  while (reader.nextCell()) texts.push(reader.text())
  t.strictSame(texts, ['é', 'a\n🌵', '1E+21', 'TRUE', 'FALSE', '', '2024-01-31'])
})
