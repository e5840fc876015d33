import t from 'tap'
import { BLANK, type CellKind, DATE, ESCAPED_TEXT, FALSE, NUMBER, TEXT, TRUE } from '../../src/blocks/block.ts'
import { withCellWriter } from '../../src/blocks/cell-writer.ts'
import type { ColumnTally } from '../../src/model/column-schema.ts'
import { ERROR_VALUES } from '../../src/model/error-values.ts'
import { addTally, tallyBlock } from '../../src/snapshots/formats/block-tally.ts'
import { encodeRows } from '../../src/snapshots/formats/encode-rows.ts'
import { columnKeys } from '../../src/snapshots/formats/json-rows.ts'

type WrittenCell = readonly [kind: CellKind, bytes: string]

/** Cells as a block has them. */
function cellsOf(rows: readonly (readonly WrittenCell[])[]) {
  return withCellWriter(1, (out) => {
    for (const row of rows) {
      for (const [kind, text] of row) out.cell(kind, Buffer.from(text), 0, Buffer.byteLength(text))
      out.endRow()
    }
    return out.takeCopy()
  })
}

/** What is counted of one column with these cells. */
function tallyOf(...cells: readonly WrittenCell[]): ColumnTally | undefined {
  const rows = cells.map((cell) => [cell])
  return addTally([], tallyBlock(cellsOf(rows), rows.length, 1), 1)?.[0]
}

t.test('each kind of number, date and text is told by its bytes', async (t) => {
  const integers =
    '0 7 -7 -0 5.0 5.000 1e3 1.5E3 100000000000000 9007199254740991 -9007199254740991 9.007199254740991E15'
  const numbers =
    '0.5 -0.5 5.01 5.10 1e-3 1E400 9007199254740992 -9007199254740992 123456789012345680 1e21 1.0000000001'
  const kinds: readonly (readonly [keyof ColumnTally['values'], CellKind, readonly string[]])[] = [
    ['integer', NUMBER, integers.split(' ')],
    ['number', NUMBER, numbers.split(' ')],
    ['boolean', TRUE, ['true']],
    ['boolean', FALSE, ['false']],
    ['date', DATE, ['2024-01-31', '1899-12-30', '+012345-01-31', '-000001-12-31']],
    ['datetime', DATE, ['2024-01-31T13:45:00', '2024-01-31T13:45:00.250', '+012345-01-31T00:00:00']],
    ['time', DATE, ['00:00:00', '13:45:00', '23:59:59.999']],
    ['duration', DATE, ['24:00:00', '30:15:00.250', '-06:00:00', '100:00:00', '-100:00:00', '1080006:00:00']],
    ['error', TEXT, ERROR_VALUES],
    ['text', TEXT, ['#REF', '#REF!!', '#ref!', '#', 'a #REF!', '#OTHER!', '2024-01-31', '12', 'TRUE', 'Loading...']],
    ['text', ESCAPED_TEXT, [String.raw`#N\/A`, String.raw`a\nb`, '\\u0041']],
  ]
  for (const [kind, written, texts] of kinds)
    for (const text of texts) t.strictSame(tallyOf([written, text])?.values, { [kind]: 1 }, text)
})

t.test('an example is the first value that is no error, of a hundred characters at most', async (t) => {
  const examples: readonly (readonly [readonly WrittenCell[], ColumnTally['example']])[] = [
    [[[TEXT, '#REF!']], null],
    [
      [
        [TEXT, '#REF!'],
        [NUMBER, '1.50'],
        [TEXT, 'x'],
      ],
      1.5,
    ],
    [[[FALSE, 'false']], false],
    [[[TRUE, 'true']], true],
    [[[DATE, '2024-01-31']], '2024-01-31'],
    [[[ESCAPED_TEXT, String.raw`a"\n\u00e9`.replace('"', '\\"')]], 'a"\né'],
    [[[TEXT, 'é'.repeat(100)]], 'é'.repeat(100)],
    [[[TEXT, '🌵'.repeat(100)]], '🌵'.repeat(100)],
    [[[TEXT, 'é'.repeat(101)]], `${'é'.repeat(99)}…`],
    [[[TEXT, '🌵'.repeat(50_000)]], `${'🌵'.repeat(99)}…`],
    [[[ESCAPED_TEXT, String.raw`\ud83c\udf35`.repeat(101)]], `${'🌵'.repeat(99)}…`],
  ]
  for (const [cells, example] of examples) t.equal(tallyOf(...cells)?.example, example)
})

t.test('the longest text is counted in characters, dates and errors too', async (t) => {
  const longest: readonly (readonly [readonly WrittenCell[], number])[] = [
    [[[NUMBER, '123456789']], 0],
    [[[TRUE, 'true']], 0],
    [[[DATE, '2024-01-31']], 10],
    [[[TEXT, '#N/A']], 4],
    [
      [
        [TEXT, 'four'],
        [TEXT, 'ééé'],
        [TEXT, '日本'],
      ],
      4,
    ],
    [
      [
        [TEXT, 'ab'],
        [TEXT, '🌵🌵🌵'],
      ],
      3,
    ],
    [[[ESCAPED_TEXT, String.raw`\ud83c\udf35\n\"`]], 3],
    [[[TEXT, 'x'.repeat(50_000)]], 50_000],
  ]
  for (const [cells, characters] of longest) t.equal(tallyOf(...cells)?.longest, characters)
})

t.test('a block is counted once, in however many formats and pieces it is encoded', async (t) => {
  const rows = Array.from({ length: 40 }, (_, n): WrittenCell[] => [
    [NUMBER, `${n}`],
    n % 2 === 0 ? [BLANK, ''] : [TEXT, `text ${n}`],
    [DATE, '2024-01-31'],
  ])
  const csv = { injection: 'escape', bom: false, numbersAreText: false } as const
  const layout = { formats: ['json', 'ndjson', 'csv'] as const, csv, keys: columnKeys(undefined, 3) }
  let next = { cells: cellsOf(rows), at: 0, column: 0 }
  let tallies: readonly ColumnTally[] | null = []
  let pieces = 0
  for (let left = rows.length; left > 0; pieces += 1) {
    const piece = encodeRows({ ...layout, ...next, rows: left }, 10)
    tallies = addTally(tallies, piece.tally, 3)
    next = piece
    left -= piece.rows
  }
  t.ok(pieces > 40, `${pieces} pieces`)
  t.strictSame(tallies, [
    { values: { integer: 40 }, longest: 0, example: 0 },
    { values: { text: 20 }, longest: 7, example: 'text 1' },
    { values: { date: 40 }, longest: 10, example: '2024-01-31' },
  ])
})

t.test('blocks add up; what is not known of the rows before stays unknown', async (t) => {
  const block = tallyBlock(cellsOf([[[NUMBER, '5']], [[TEXT, 'abc']]]), 2, 1)
  const first = addTally([], block, 1)
  const both = addTally(
    first,
    tallyBlock(
      cellsOf([
        [
          [BLANK, ''],
          [DATE, '13:45:00'],
        ],
      ]),
      1,
      2,
    ),
    2,
  )
  t.strictSame(both, [
    { values: { text: 1, integer: 1 }, longest: 3, example: 5 },
    { values: { time: 1 }, longest: 8, example: '13:45:00' },
  ])
  t.strictSame(addTally(both, undefined, 3)?.[2], { values: {}, longest: 0, example: null })
  t.equal(addTally(null, block, 1), null)
})
