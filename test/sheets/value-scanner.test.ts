import fc from 'fast-check'
import t from 'tap'
import { BLANK, ESCAPED_TEXT, FALSE, NUMBER, TEXT, TRUE } from '../../src/blocks/block.ts'
import { NotJson, ValueScanner } from '../../src/sheets/value-scanner.ts'

function read(json: string): unknown[][] {
  const scanner = new ValueScanner(new TextEncoder().encode(json))
  const rows: unknown[][] = []
  scanner.beginRows()
  while (scanner.nextRow()) {
    const row: unknown[] = []
    while (scanner.nextCell()) {
      const raw = json === '' ? '' : new TextDecoder().decode(scanner.bytes.subarray(scanner.start, scanner.end))
      switch (scanner.kind) {
        case TEXT:
        case ESCAPED_TEXT:
          row.push(scanner.text())
          break
        case NUMBER:
          row.push(Number(raw))
          break
        case TRUE:
        case FALSE:
          row.push(scanner.kind === TRUE)
          break
        case BLANK:
          row.push('')
      }
    }
    rows.push(row)
  }
  scanner.skipSpace()
  if (scanner.at !== scanner.bytes.length) throw new NotJson('more')
  return rows
}

const cell = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\u0001', '🌵', 'a', '/') }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
)
const grid = fc.array(fc.array(cell))

t.test('cells are what JSON.parse says they are, however the JSON is laid out', async (t) => {
  fc.assert(
    fc.property(grid, fc.constantFrom(undefined, 2, '\t'), (rows, indent) => {
      const json = JSON.stringify(rows, undefined, indent)
      t.strictSame(read(json), JSON.parse(json))
    }),
    { numRuns: 500 },
  )
  t.strictSame(read('[["\\u003d1","\\ud83c\\udf35",1E+21,-0.5e-3,null]]'), [['=1', '🌵', 1e21, -0.0005, '']])
})

t.test('what is no JSON is refused, wherever it breaks', async (t) => {
  const whole = '[["a\\n\\u00e9",-1.5e+3,true,false,null,""],[],[0]]'
  read(whole)
  for (let end = 0; end < whole.length; end += 1)
    t.throws(() => read(whole.slice(0, end)), NotJson, whole.slice(0, end))
  for (const json of [
    '[["a" "b"]]',
    '[[,1]]',
    '[[1,]]',
    '[[01]]',
    '[[1.]]',
    '[[-]]',
    '[[1e]]',
    '[[+1]]',
    '[[tru]]',
    '[["\\x"]]',
    '[["\\u00g0"]]',
    '[["\n"]]',
    '[[1]]]',
    '[[1]',
    '[1]',
    '[[{}]]',
    '[[1] [2]]',
    '{}',
  ]) {
    t.throws(() => read(json), NotJson, json)
  }
})

t.test('one byte that is changed never goes unseen where JSON.parse sees it', async () => {
  fc.assert(
    fc.property(grid, fc.nat(), fc.integer({ min: 0, max: 127 }), (rows, place, byte) => {
      const bytes = new TextEncoder().encode(JSON.stringify(rows))
      bytes[place % bytes.length] = byte
      const json = new TextDecoder().decode(bytes)
      let parsed: unknown
      try {
        parsed = JSON.parse(json)
      } catch {
        return throws(() => read(json))
      }
      // Objects and bare values are JSON, but no rows.
      const areRows =
        Array.isArray(parsed) &&
        parsed.every((row) => Array.isArray(row) && row.every((one) => typeof one !== 'object'))
      return !areRows || JSON.stringify(read(json)) === JSON.stringify(parsed)
    }),
    { numRuns: 2000 },
  )
})

function throws(work: () => unknown): boolean {
  try {
    work()
    return false
  } catch (error) {
    return error instanceof NotJson
  }
}
