import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import t from 'tap'
import { csvLine, csvSyntax } from '../../src/snapshots/formats/csv-rows.ts'
import { columnKeys, jsonSyntax } from '../../src/snapshots/formats/json-rows.ts'
import { padRows, type RowSyntax } from '../../src/snapshots/formats/row-padding.ts'
import { parseCsv } from '../jobs/download/csv.ts'

const raw = { injection: 'raw', bom: false, numbersAreText: false } as const
const escaped = { ...raw, injection: 'escape' } as const
const _shown = { ...escaped, numbersAreText: true } as const

const NO_HEAD = { head: new Uint8Array(), replaced: 0 }

/** Pads the rows of a text that comes in chunks of so many bytes. */
async function padded(text: string, syntax: RowSyntax, size: number, head = NO_HEAD): Promise<string> {
  const bytes = Buffer.from(text)
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  )
  return (await buffer(Readable.from(padRows(Readable.from(chunks), syntax, head)))).toString()
}

t.test('every row is padded to the same width, in each format and whatever the chunks', async () => {
  const text = fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '\\', '[', ']', '{', '}', 'a', '🌵') })
  const row = fc.array(text, { minLength: 1, maxLength: 4 })
  const names = ['a', '"b"', ']', ',', '\\', 'F']
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1 }), fc.integer({ min: 1, max: 7 }), async (rows, size) => {
      const wide = <T>(blank: T) => rows.map((fields) => names.map((_, column) => fields[column] ?? blank))
      const asObjects = (all: readonly (readonly (string | null)[])[]) =>
        all.map((fields) => Object.fromEntries(fields.map((field, column) => [names[column], field])))
      const csv = await padded(rows.map((fields) => csvLine(fields, 1, raw)).join(''), csvSyntax(6), size)
      const same = [[parseCsv(csv), wide('')]]
      for (const [narrow, wanted, syntax] of [
        [rows, wide(null), jsonSyntax(columnKeys(undefined, 6))],
        [asObjects(rows), asObjects(wide(null)), jsonSyntax(columnKeys(names, 6))],
      ] as const) {
        const lines = narrow.map((one) => JSON.stringify(one))
        same.push([await padded(`[\n${lines.join(',\n')}\n]\n`, syntax, size).then(JSON.parse), wanted])
        const ndjson = await padded(lines.map((line) => `${line}\n`).join(''), syntax, size)
        same.push([
          ndjson
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line)),
          wanted,
        ])
      }
      return same.every(([found, wanted]) => JSON.stringify(found) === JSON.stringify(wanted))
    }),
    { numRuns: 300 },
  )
})
