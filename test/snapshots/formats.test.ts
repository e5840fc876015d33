import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import t from 'tap'
import { NUMBER } from '../../src/blocks/block.ts'
import { ByteWriter } from '../../src/blocks/byte-writer.ts'
import { withCellWriter } from '../../src/blocks/cell-writer.ts'
import { isSnapshotFileName } from '../../src/model/snapshot-manifest.ts'
import { padCsv } from '../../src/snapshots/formats/csv-padding.ts'
import { csvField, csvLine } from '../../src/snapshots/formats/csv-rows.ts'
import { encodeRows, PIECE_BYTES } from '../../src/snapshots/formats/encode-rows.ts'
import { fileName } from '../../src/snapshots/formats/file-names.ts'
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
  ] as const) {
    t.equal(csvField(text, raw), field)
  }
})

t.test('text that a spreadsheet program would run gets an apostrophe, unless raw', async (t) => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\tx']) {
    t.equal(csvField(text, escaped), `'${text}`)
    t.equal(csvField(text, raw), text)
  }
  t.equal(csvField('\rx', escaped), '"\'\rx"')
  t.equal(csvField('=HYPERLINK("x","y")', escaped), '"\'=HYPERLINK(""x"",""y"")"')
  for (const text of ['1-1', ' =1', 'a=b', "'=1"]) t.equal(csvField(text, escaped), text)
})

t.test('where numbers come as text they are no formulas', async (t) => {
  for (const text of ['-1', '+1.5', '-1,234.50', '-12%']) t.equal(csvField(text, shown).replaceAll('"', ''), text)
  for (const text of ['-1+2', '=1', '+cmd', '-', '-a1']) t.equal(csvField(text, shown), `'${text}`)
})

t.test('a line has at least its width, and one blank field is no empty line', async (t) => {
  t.equal(csvLine(['a', 'b'], 4, raw), 'a,b,,\r\n')
  t.equal(csvLine(['a', 'b'], 1, raw), 'a,b\r\n')
  t.equal(csvLine([], 1, raw), '""\r\n')
  t.equal(csvLine([], 0, raw), '""\r\n')
})

t.test('every line is padded to the same width, whatever the chunks', async () => {
  const line = fc.array(fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', 'a', '🌵') }), {
    minLength: 1,
    maxLength: 4,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 7 }), async (lines, size) => {
      const csv = Buffer.from(lines.map((fields) => csvLine(fields, 1, raw)).join(''))
      const chunks = Array.from({ length: Math.ceil(csv.length / size) }, (_, at) =>
        csv.subarray(at * size, (at + 1) * size),
      )
      const padded = await buffer(
        Readable.from(padCsv(Readable.from(chunks), { width: 6, head: new Uint8Array(), replaced: 0 })),
      )
      const wanted = lines.map((fields) => Array.from({ length: 6 }, (_, column) => fields[column] ?? ''))
      return JSON.stringify(parseCsv(padded.toString())) === JSON.stringify(wanted)
    }),
    { numRuns: 300 },
  )
})

t.test('the head of a file can be replaced while it is padded', async (t) => {
  const head = Buffer.from('a,b,C\r\n')
  const source = Readable.from([Buffer.from('a,'), Buffer.from('b\r\n1,2'), Buffer.from('\r\n1,2,3\r\n')])
  const padded = await buffer(Readable.from(padCsv(source, { width: 3, head, replaced: 5 })))
  t.equal(padded.toString(), 'a,b,C\r\n1,2,\r\n1,2,3\r\n')
})

t.test('keys keep the order of columns, and any name', async (t) => {
  const blankRow = (names: readonly string[] | undefined, headers: number) => {
    const layout = { formats: ['ndjson'] as const, csv: raw, names, headers, lineWidth: 1 }
    const [row = new Uint8Array()] = encodeRows({ ...layout, cells: new Uint8Array(1), at: 0, rows: 1 }).content
    return Buffer.from(row).toString().trim()
  }
  t.equal(blankRow(['b', '2', '__proto__', 'q"'], 4), '{"b":null,"2":null,"__proto__":null,"q\\"":null}')
  t.equal(blankRow(['a', 'b', 'C'], 2), '{"a":null,"b":null}')
  t.equal(blankRow(['A'], 0), '{}')
  t.equal(blankRow(undefined, 0), '[]')
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
  const layout = { formats: ['ndjson', 'csv'] as const, csv: raw, names: [name], headers: 1, lineWidth: 1 }
  const texts = ['', '']
  let pieces = 0
  for (let [at, left] = [0, rows]; left > 0; pieces += 1) {
    const piece = encodeRows({ ...layout, cells, at, rows: left })
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
