import fc from 'fast-check'
import t from 'tap'
import { compareHashes, hashLines } from '../../src/rows/line-hashes.ts'

type Rows = readonly (readonly number[])[]

const ndjson = (rows: Rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
const json = (rows: Rows) => `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`

/** Hashes a text in pieces of so many bytes. */
function hashed(text: string, size: number): BigUint64Array {
  const bytes = Buffer.from(text)
  const all: bigint[] = []
  let rest: Uint8Array = new Uint8Array()
  for (let at = 0; at < bytes.length; at += size) {
    const piece = hashLines({ bytes: new Uint8Array(Buffer.concat([rest, bytes.subarray(at, at + size)])) })
    all.push(...piece.hashes)
    rest = piece.rest
  }
  if (rest.length > 0) throw new Error('a line is left over')
  return BigUint64Array.from(all)
}

/** How many rows are in one list more often than in the other, counted by hand. */
function surplus(rows: Rows, than: Rows): number {
  const left = than.map((row) => JSON.stringify(row))
  return rows.filter((row) => {
    const at = left.indexOf(JSON.stringify(row))
    if (at >= 0) left.splice(at, 1)
    return at < 0
  }).length
}

t.test('rows are counted as a multiset, in JSON and in NDJSON, however the file is cut', async (t) => {
  const rows = fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 2 }), { minLength: 1 })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(rows, rows, fc.integer({ min: 1, max: 40 }), (one, other, size) => {
        const counts = compareHashes({ before: hashed(json(one), size), now: hashed(ndjson(other), size) })
        const expected = { added: surplus(other, one), removed: surplus(one, other) }
        if (JSON.stringify(counts) !== JSON.stringify(expected)) throw new Error(JSON.stringify({ counts, expected }))
      }),
      { numRuns: 200 },
    ),
  )
})
