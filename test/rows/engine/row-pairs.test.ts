import fc from 'fast-check'
import t from 'tap'
import { type HashedRows, HashGroups } from '../../../src/rows/engine/hash-groups.ts'
import { pairRows, type RowPair } from '../../../src/rows/engine/row-pairs.ts'

/** A row: the hash of its key, and that of the rest. */
type Row = readonly [key: number, rest: number]

function hashed(before: readonly Row[], now: readonly Row[], hasKey = true): HashedRows {
  const of = (numbers: readonly number[]) => new Uint32Array(numbers.flatMap((number) => [number & 1, number >> 1]))
  const rows = [...before, ...now]
  const whole = rows.map(([key, rest]) => key * 8 + rest)
  const sides = { before: before.length, now: now.length }
  if (!hasKey) return { ...sides, key: of(whole), rest: undefined }
  return { ...sides, key: of(rows.map(([key]) => key)), rest: of(rows.map(([, rest]) => rest)) }
}

/** The changes as whoever compares the rows one by one finds them, in their order. */
function byHand(before: readonly Row[], now: readonly Row[], hasKey: boolean): RowPair[] {
  const places = (rows: readonly Row[], key: number) => rows.flatMap((row, place) => (row[0] === key ? [place] : []))
  const found: RowPair[] = []
  const compare = (olds: readonly number[], fresh: readonly number[]) => {
    const left = [...fresh]
    for (const place of olds) {
      const at = left.findIndex((one) => String(now[one]) === String(before[place]))
      if (at >= 0) left.splice(at, 1)
      else found.push({ before: place, now: null })
    }
    found.push(...left.map((place) => ({ before: null, now: place })))
  }
  if (!hasKey) compare([...before.keys()], [...now.keys()])
  else {
    for (const key of new Set([...before, ...now].map(([each]) => each))) {
      const [olds, fresh] = [places(before, key), places(now, key)]
      const [old, one] = [olds[0], fresh[0]]
      if (olds.length !== 1 || fresh.length !== 1 || old === undefined || one === undefined) compare(olds, fresh)
      else if (before[old]?.[1] !== now[one]?.[1]) found.push({ before: old, now: one })
    }
  }
  return found.sort((a, b) => placeOf(a) - placeOf(b) || Number(a.now === null) - Number(b.now === null))
}

const placeOf = ({ before, now }: RowPair) => now ?? before ?? 0

const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 2 })), { maxLength: 12 })

t.test('changes and their pages are those that a comparison by hand finds, by key and whole', async () => {
  await fc.assert(
    fc.asyncProperty(rows, rows, fc.boolean(), fc.nat(6), fc.nat(6), async (before, now, hasKey, offset, limit) => {
      const expected = byHand(before, now, hasKey)
      const found = await pairRows(hashed(before, now, hasKey), { hasKey, examples: 2 })
      const same = (got: unknown, wanted: unknown) => {
        if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(JSON.stringify([got, wanted]))
      }
      same(found.page(0, 100), expected)
      same(found.page(offset, limit), expected.slice(offset, offset + limit))
      same(found.counts, {
        added: expected.filter((pair) => pair.before === null).length,
        removed: expected.filter((pair) => pair.now === null).length,
        changed: expected.filter((pair) => pair.before !== null && pair.now !== null).length,
      })
      const keys = hasKey ? [...new Set([...now, ...before].map(([key]) => key))] : []
      const repeated = keys
        .map((key) => [before, now].map((list) => list.filter((row) => row[0] === key).length) as [number, number])
        .filter(([since, until]) => since > 1 || until > 1)
      same(found.repeated.count, repeated.length)
      // Keys come in the order of their first rows: those of rows now, then those that are gone.
      const first = repeated.filter(([, until]) => until > 0).concat(repeated.filter(([, until]) => until === 0))
      same(
        found.repeated.first.map(({ since, until }) => [since, until]),
        first.slice(0, 2),
      )
    }),
    { numRuns: 1000 },
  )
})

t.test('a group for each hash: their table grows, and equal halves do not make two of them one', (t) => {
  const numbers = Array.from({ length: 1000 }, (_, row) => row % 400)
  const key = new Uint32Array(numbers.flatMap((number) => [number % 20, Math.floor(number / 20)]))
  const groups = new HashGroups({ before: 1000, now: 0, key, rest: undefined }, { isWhole: false, capacity: 8 })
  const made = numbers.map((_, row) => groups.add(row))
  t.equal(groups.size, 400)
  t.strictSame(
    numbers.map((_, row) => groups.find(row)),
    made,
  )
  t.strictSame(made, numbers, 'in the order in which they came')
  groups.clear()
  t.equal(groups.find(5), -1)
  t.end()
})
