import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import t from 'tap'
import { BLANK, ESCAPED_TEXT, NUMBER, TEXT, TRUE } from '../../src/blocks/block.ts'
import { ByteWriter } from '../../src/blocks/byte-writer.ts'
import { withCellWriter } from '../../src/blocks/cell-writer.ts'
import { isSnapshotFileName } from '../../src/model/snapshot-manifest.ts'
import { type CsvOptions, csvField, csvLine, csvSyntax } from '../../src/snapshots/formats/csv-rows.ts'
import { encodeRows, PIECE_BYTES } from '../../src/snapshots/formats/encode-rows.ts'
import { fileName } from '../../src/snapshots/formats/file-names.ts'
import { columnKeys, jsonSyntax } from '../../src/snapshots/formats/json-rows.ts'
import { padRows, type RowSyntax } from '../../src/snapshots/formats/row-padding.ts'
import { parseCsv } from '../jobs/download/csv.ts'

const raw = { injection: 'raw', bom: false, numbersAreText: false } as const
const escaped = { ...raw, injection: 'escape' } as const
const shown = { ...escaped, numbersAreText: true } as const

t.test('a CSV field is quoted where RFC 4180 wants it', async (t) => {
  for (const [text, field] of [
    ['a', 'a'],
    ['a b', 'a b'],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\nb', '"a\nb"'],
    ['a\rb', '"a\rb"'],
    ['', ''],
    ['a;b', '"a;b"'],
    ['a\tb', '"a\tb"'],
  ] as const) {
    t.equal(csvField(text, raw), field)
  }
})

t.test('text that a spreadsheet program would run gets an apostrophe, unless raw', async (t) => {
  const plain = ['=1+1', '+1', '-1', '@SUM(A1)', "-2+3+cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"]
  const fullWidth = ['＝1+1', '＋1', '－1', '＠SUM(A1)']
  const behind = ['\ufeff=1+1', ' =1', '\u00a0@x', '\u3000＝1', '\u2003\ufeff -1', '\0', '\0=1']
  for (const text of [...plain, ...fullWidth, ...behind]) {
    t.equal(csvField(text, escaped), `'${text}`)
    t.equal(csvField(text, raw), text)
  }
  for (const text of ['\tx', '\rx', '\nx', '\n=1+1', ' \t=1', '=1;2']) t.equal(csvField(text, escaped), `"'${text}"`)
  t.equal(csvField('=HYPERLINK("x","y")', escaped), '"\'=HYPERLINK(""x"",""y"")"')
  const harmless = ['1-1', 'a=b', "'=1", '\ufeffa', ' a', '−5', '(5)', '«=1»', 'あ=1', '　あ', '']
  for (const text of harmless) t.equal(csvField(text, escaped), text)
  for (const injection of ['escape', 'raw'] as const) t.equal(csvField('a;=1+1', { ...raw, injection }), '"a;=1+1"')
})

const SHOWN_NUMBERS = [
  '-1 +1.5 -1,234.50 -1234.5 -12% +5% -.5 -5. -1.20E+10 -1,5e-7 -6:00 -12:30:15.5 -552:00:00 -1.234.567,89',
  '-$1,234.56 -£9.50 -₹1,00,000 -€5 -$.50 -5€ -5kr -5‰ -٥٫٥ -1’234.50',
]
  .flatMap((line) => line.split(' '))
  .concat(
    [
      '-1.234,56 €',
      '- 5',
      '-5 kr',
      '-1\u00a0234,56 zł',
      '-1\u202f234,56\u00a0€',
      "-1'234.50",
      '-CHF 5.00',
      '-R$ 1.234,56',
    ],
    [
      '-5 %',
      '-kr. 5',
      '-1 234 567',
      '-3 1/4',
      ' -5.00 ',
      ' -   ',
      '-$ 5 ',
      '- $5',
      '-\u200f5.00 ₪',
      '-₪\u00a05',
      '-5 USD',
      '-5 °C',
      '-5 m²',
    ],
  )

t.test('where numbers come as text they are no formulas, whatever they wear', async (t) => {
  for (const text of SHOWN_NUMBERS) {
    t.equal(csvField(text, shown).replaceAll('"', ''), text)
    t.match(csvField(text, escaped).replaceAll('"', ''), `'${text}`, 'though text that looks like one may be anything')
  }
  const formulas =
    '-1+2 =1 +cmd - -a1 -A1 -$A1 -USD5 -US$5 -R$5 -R123 -1-1 -1*2 -1/2 -5+A1 -SUM(1) +1-555-0100 -1.2.2024 --5 -(5)'
  const more = [
    "-cmd|'/C calc'!A0",
    "-5 kr|'x'!A0",
    '-5 A1',
    '-$1:$2',
    '-5 a b',
    '-1,2,3',
    '=5',
    '@5',
    '-10 Downing Street 5',
  ]
  for (const text of [...formulas.split(' '), ...more, '－5', '-5!', '-A 1:2', '-5%%', '-x'])
    t.equal(csvField(text, shown).replaceAll('"', ''), `'${text}`)
  t.equal(csvField('\t-5', shown), `"'\t-5"`)
})

t.test('no text of any length takes long to be told from a number', async (t) => {
  const started = performance.now()
  for (const unit of ['1', ' ', '1 ', '1,234', '.', '1:00', 'kr ', '$', '5 kr '])
    for (const end of ['', 'x!', '!']) csvField(`-5${unit.repeat(50_000 / unit.length)}${end}`, shown)
  t.ok(performance.now() - started < 2000)
})

const CELL = fc.oneof(
  fc.string({
    unit: fc.constantFrom(...'=+-@＝＋－＠\t\r\n\0\ufeff\u00a0\u2003\u3000 ;,"\'|!$€A1.:%()あ'),
    minLength: 1,
    maxLength: 8,
  }),
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.constantFrom(...SHOWN_NUMBERS),
)

/** The fields of rows that were encoded as CSV. */
function written(rows: readonly (readonly string[])[], csv: CsvOptions): string[] {
  const cells = withCellWriter(1, (out) => {
    for (const row of rows) {
      for (const text of row) {
        const inside = Buffer.from(JSON.stringify(text).slice(1, -1))
        out.cell(inside.includes('\\') ? ESCAPED_TEXT : TEXT, inside, 0, inside.length)
      }
      out.endRow()
    }
    return out.takeCopy()
  })
  const layout = { formats: ['csv'] as const, csv, keys: columnKeys(undefined, 3) }
  const [bytes = new Uint8Array()] = encodeRows({ ...layout, cells, at: 0, column: 0, rows: rows.length }).content
  return parseCsv(Buffer.from(bytes).toString()).flat()
}

t.test('escaped or raw, the same fields are read back, and none that may run is left as it is', async () => {
  const DANGER = /^(?:[\t\r\n\0]|[\s\0]*[=+\-@＝＋－＠])/
  /** One sign, and nothing after it that a formula could be made of: an operator, a call, a reference to a cell. */
  const isNumber = (field: string) => {
    const [, rest = '='] = /^\p{Zs}*[+-](.*)$/u.exec(field.replace(/(\d)E[+-]?(?=\d)|(\d \d+)\/(?=\d)/i, '$1$2')) ?? []
    return !/[=+\-*/^&<>@|!(){}"\t\r\n\0\ufeff＝＋－＠]|\p{L}\$?\d/u.test(rest)
  }
  fc.assert(
    fc.property(fc.array(fc.tuple(CELL, CELL, CELL), { minLength: 1 }), (rows) => {
      const plain = rows.flat()
      const quoted = plain.map((field) => (DANGER.test(field) ? `'${field}` : field))
      const isEqual = (one: string[], other: string[]) => JSON.stringify(one) === JSON.stringify(other)
      const leftAlone = (field: string, at: number) => field === plain[at] && (field === quoted[at] || isNumber(field))
      return (
        isEqual(written(rows, raw), plain) &&
        isEqual(written(rows, escaped), quoted) &&
        written(rows, shown).every((field, at) => field === quoted[at] || leftAlone(field, at))
      )
    }),
    { numRuns: 500 },
  )
})

t.test('a line has at least its width, and one blank field is no empty line', async (t) => {
  t.equal(csvLine(['a', 'b'], 4, raw), 'a,b,,\r\n')
  t.equal(csvLine(['a', 'b'], 1, raw), 'a,b\r\n')
  t.equal(csvLine([], 1, raw), '""\r\n')
  t.equal(csvLine([], 0, raw), '""\r\n')
})

const NO_HEAD = { head: new Uint8Array(), replaced: 0 }

/** Pads the rows of a text that comes in chunks of so many bytes. */
async function padded(text: string, syntax: RowSyntax, size: number, head = NO_HEAD): Promise<string> {
  const bytes = Buffer.from(text)
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  )
  return (await buffer(Readable.from(padRows(Readable.from(chunks), syntax, head)))).toString()
}

t.test('the head of a file can be replaced while it is padded', async (t) => {
  const head = { head: Buffer.from('a,b,C\r\n'), replaced: 5 }
  t.equal(await padded('a,b\r\n1,2\r\n1,2,3\r\n', csvSyntax(3), 2, head), 'a,b,C\r\n1,2,\r\n1,2,3\r\n')
})

t.test('however much is added to rows, it is handed on in pieces', async (t) => {
  const names = Array.from({ length: 2000 }, (_, column) => `column ${column}`)
  const source = Readable.from([Buffer.from('{"column 0":1}\n'.repeat(1000))])
  let [rows, largest] = [0, 0]
  for await (const piece of padRows(source, jsonSyntax(columnKeys(names, names.length)), NO_HEAD)) {
    largest = Math.max(largest, piece.length)
    rows += piece.filter((byte) => byte === 0x0a).length
  }
  t.equal(rows, 1000)
  t.ok(largest < 1_100_000, `${largest} bytes`)
})

t.test('keys keep the order of columns, and any name', async (t) => {
  const blankRow = (names: readonly string[] | undefined, width: number) => {
    const layout = { formats: ['ndjson'] as const, csv: raw, keys: columnKeys(names, width) }
    const [row = new Uint8Array()] = encodeRows({
      ...layout,
      cells: new Uint8Array(1),
      at: 0,
      column: 0,
      rows: 1,
    }).content
    return Buffer.from(row).toString().trim()
  }
  t.equal(blankRow(['b', '2', '__proto__', 'q"'], 4), '{"b":null,"2":null,"__proto__":null,"q\\"":null}')
  t.equal(blankRow(['A'], 1), '{"A":null}')
  t.equal(blankRow(undefined, 2), '[null,null]')
})

t.test('bytes are what was written, however much it is', async () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 100 })), (texts) => {
      const out = new ByteWriter(1)
      for (const text of texts) {
        out.text(text)
        out.copy(Buffer.from(text))
        out.byte(0x2c)
      }
      const wanted = Buffer.from(texts.map((text) => `${text}${text},`).join(''))
      return out.length === wanted.length && wanted.equals(new Uint8Array(out.finish()))
    }),
  )
})

t.test('rows that become large are encoded piece by piece, and the pieces are what one would be', async (t) => {
  const [rows, name] = [100, 'n'.repeat(100_000)]
  const one = new TextEncoder().encode('1')
  const cells = withCellWriter(1, (out) => {
    for (let row = 0; row < rows; row += 1) {
      out.cell(NUMBER, one, 0, one.length)
      out.endRow()
    }
    return out.takeCopy()
  })
  const layout = { formats: ['ndjson', 'csv'] as const, csv: raw, keys: columnKeys([name], 1) }
  const texts = ['', '']
  let pieces = 0
  for (let [at, left] = [0, rows]; left > 0; pieces += 1) {
    const piece = encodeRows({ ...layout, cells, at, column: 0, rows: left })
    for (const [index, bytes] of piece.content.entries()) {
      t.ok(bytes.length < PIECE_BYTES + name.length + 10)
      texts[index] += Buffer.from(bytes).toString()
    }
    at = piece.at
    left -= piece.rows
  }
  t.ok(pieces >= 5, `${pieces} pieces`)
  t.strictSame(texts, [`{"${name}":1}\n`.repeat(rows), '1\r\n'.repeat(rows)])
})

t.test('a row that is split over pieces is byte for byte what it is in one', async () => {
  const kind = fc.constantFrom(BLANK, TEXT, ESCAPED_TEXT, NUMBER, TRUE)
  const grid = fc.integer({ min: 1, max: 8 }).chain((width) =>
    fc.record({
      names: fc.option(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { minLength: width, maxLength: width }),
      ),
      rows: fc.array(fc.array(kind, { maxLength: width }), { minLength: 1, maxLength: 6 }),
      width: fc.constant(width),
    }),
  )
  const inside = { [TEXT]: '=a;b', [ESCAPED_TEXT]: '\\"\\n,', [NUMBER]: '-1.5', [TRUE]: '', [BLANK]: '' }
  const formats = fc.shuffledSubarray(['json', 'ndjson', 'csv'] as const, { minLength: 1 })
  fc.assert(
    fc.property(grid, formats, fc.integer({ min: 1, max: 80 }), ({ names, rows, width }, asked, limit) => {
      const cells = withCellWriter(1, (out) => {
        for (const row of [...rows, [NUMBER] as const]) {
          for (const one of row) out.cell(one, Buffer.from(inside[one]), 0, inside[one].length)
          out.endRow()
        }
        return out.takeCopy()
      })
      const layout = { formats: asked, csv: escaped, keys: columnKeys(names ?? undefined, width) }
      const whole = encodeRows({ ...layout, cells, at: 0, column: 0, rows: rows.length + 1 })
      const texts = asked.map(() => '')
      // The largest part of a row that is written at once: a key, its value, and what closes the row.
      const mostBytes =
        limit + Math.max(0, ...(names ?? []).map((name) => Buffer.byteLength(JSON.stringify(name)))) + 20
      for (let [at, column, left] = [0, 0, rows.length + 1]; left > 0; ) {
        const piece = encodeRows({ ...layout, cells, at, column, rows: left }, limit)
        for (const [index, bytes] of piece.content.entries()) {
          if (bytes.length > mostBytes) throw new Error(`${bytes.length} bytes in a piece of ${limit}`)
          texts[index] += Buffer.from(bytes).toString('latin1')
        }
        if (piece.at === at && piece.column === column && piece.rows === 0) throw new Error('it does not go on')
        at = piece.at
        column = piece.column
        left -= piece.rows
      }
      return (
        whole.rows === rows.length + 1 &&
        texts.every((text, index) => {
          return text === Buffer.from(whole.content[index] ?? []).toString('latin1')
        })
      )
    }),
    { numRuns: 300 },
  )
})

t.test('any title makes a file name that is safe anywhere', async (t) => {
  t.equal(fileName('Orders 2024', 0, 'json'), 'orders-2024-0.json')
  t.equal(fileName('Über-Größe!', 17, 'csv'), 'uber-gro-e-17.csv')
  t.equal(fileName('🌵', 5, 'ndjson'), 'tab-5.ndjson')
  t.equal(fileName('../../etc', 5, 'csv', 2), 'etc-5-2.csv')
  t.equal(fileName('manifest', 1, 'json'), 'manifest-1.json')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (title) =>
      isSnapshotFileName(fileName(title, 4_294_967_295, 'ndjson', 500)),
    ),
  )
})
