import { setImmediate } from 'node:timers/promises'
import { FirstKeys, type RepeatedKey } from './first-keys.ts'
import { type HashedRows, HashGroups, longer } from './hash-groups.ts'

/** A change, as places of rows: `null` where there is no such row before (it was added), or now (it was removed). */
export interface RowPair {
  readonly before: number | null
  readonly now: number | null
}

/** What differs between two tables. */
export interface RowPairs {
  readonly counts: { readonly added: number; readonly removed: number; readonly changed: number }
  /** Keys that several rows have, and the first ones of them. */
  readonly repeated: { readonly count: number; readonly first: readonly RepeatedKey[] }
  /** Some of the changes, by the place of the row now, and of one that was removed by where it stood. */
  page(offset: number, limit: number): RowPair[]
}

export interface PairOptions {
  /** Whether a key tells rows apart; else they are compared whole. */
  readonly hasKey: boolean
  /** Keys that several rows have of which more than the number is told. */
  readonly examples: number
}

/** Rows that are grouped at once, so that their groups fit a processor's cache; the process tends to its messages in between. */
const ROWS_AT_ONCE = 1 << 17

const [SAME, ALONE, CHANGED, WHOLE] = [0, 1, 2, 3]

/**
 * Finds the changes between two tables by the hashes of their rows. Rows whose key no other row has are changed where the
 * rest differs; rows of a repeated key, and all where there is no key, are compared whole, as a multiset: of equal ones the
 * last count as added or removed, as whoever appends a row sees it.
 */
export async function pairRows(rows: HashedRows, { hasKey, examples }: PairOptions): Promise<RowPairs> {
  const { before, now } = rows
  const marks = new Uint8Array(before + now)
  const partners = new Uint32Array(hasKey && rows.rest !== undefined ? now : 0)
  const counts = { added: 0, removed: 0, changed: 0 }
  const first = new FirstKeys(examples)
  if (hasKey) await pairByKey(rows, { marks, partners, counts, first })
  else marks.fill(WHOLE)
  if (!hasKey || first.count > 0) await compareWhole(rows, { marks, counts })
  return {
    counts,
    repeated: { count: first.count, first: first.list() },
    page: (offset, limit) => pageOf(rows, { marks, partners }, offset, limit),
  }
}

interface Marks {
  /** Of each row of both tables. */
  readonly marks: Uint8Array
  readonly counts: { added: number; removed: number; changed: number }
}

interface Pairing extends Marks {
  /** Of a changed row now, its place before. */
  readonly partners: Uint32Array
  readonly first: FirstKeys
}

/** Marks rows whose key no other row has by what became of them, and those of repeated keys as to be compared whole. */
async function pairByKey(rows: HashedRows, { marks, partners, counts, first }: Pairing): Promise<void> {
  const { before, now, key, rest } = rows
  const groups = new HashGroups(rows, { isWhole: false })
  let firstNow = new Uint32Array(groups.first.length)
  const parts = partsOf(before + now)
  for (let part = 0; part < parts; part += 1) {
    await setImmediate()
    groups.clear()
    let isAnyRepeated = false
    for (let row = 0; row < before + now; row += 1) {
      if (((key[2 * row] as number) & (parts - 1)) !== part) continue
      const group = groups.add(row)
      const side = groups.counts[row < before ? 0 : 1]
      if (group >= firstNow.length) firstNow = longer(firstNow)
      if (row >= before && side[group] === 0) firstNow[group] = row - before
      side[group] = (side[group] as number) + 1
    }
    const [befores, nows] = groups.counts
    for (let group = 0; group < groups.size; group += 1) {
      const [n0, n1] = [befores[group] as number, nows[group] as number]
      const row = groups.first[group] as number
      const place = firstNow[group] as number
      if (n0 > 1 || n1 > 1) {
        isAnyRepeated = true
        first.add({ isNow: n1 > 0, place: n1 > 0 ? place : row, since: n0, until: n1 })
      } else if (n0 + n1 === 1) {
        marks[row] = ALONE
        counts[n1 === 1 ? 'added' : 'removed'] += 1
      } else if (rest !== undefined && !areEqual(rest, row, before + place)) {
        marks[before + place] = CHANGED
        partners[place] = row
        counts.changed += 1
      }
    }
    if (!isAnyRepeated) continue
    for (let row = 0; row < before + now; row += 1) {
      if (((key[2 * row] as number) & (parts - 1)) !== part) continue
      const group = groups.find(row)
      if ((befores[group] as number) > 1 || (nows[group] as number) > 1) marks[row] = WHOLE
    }
  }
}

/** Compares the rows that are marked so, and marks those that have no equal on the other side. */
async function compareWhole(rows: HashedRows, { marks, counts }: Marks): Promise<void> {
  const { before, now, key, rest } = rows
  const groups = new HashGroups(rows, { isWhole: true })
  const parts = partsOf(before + now)
  // However many rows one key has, not all of them are looked at together.
  const partOf = (row: number) =>
    ((key[2 * row] as number) ^ (rest === undefined ? 0 : (rest[2 * row] as number))) & (parts - 1)
  for (let part = 0; part < parts; part += 1) {
    await setImmediate()
    groups.clear()
    for (let row = 0; row < before + now; row += 1) {
      if (marks[row] !== WHOLE || partOf(row) !== part) continue
      const group = groups.add(row)
      const side = groups.counts[row < before ? 0 : 1]
      side[group] = (side[group] as number) + 1
    }
    for (let row = 0; row < before + now; row += 1) {
      if (marks[row] !== WHOLE || partOf(row) !== part) continue
      const group = groups.find(row)
      // Those of the other side that no row of this one was taken for yet.
      const others = groups.counts[row < before ? 1 : 0]
      const left = others[group] as number
      marks[row] = left > 0 ? SAME : ALONE
      if (left > 0) others[group] = left - 1
      else counts[row < before ? 'removed' : 'added'] += 1
    }
  }
}

function pageOf(
  { before, now }: HashedRows,
  { marks, partners }: Pick<Pairing, 'marks' | 'partners'>,
  offset: number,
  limit: number,
): RowPair[] {
  const page: RowPair[] = []
  let passed = 0
  const take = (pair: RowPair) => {
    passed += 1
    if (passed > offset) page.push(pair)
  }
  for (let place = 0; place < Math.max(before, now) && page.length < limit; place += 1) {
    const mark = place < now ? marks[before + place] : SAME
    if (mark === CHANGED) take({ before: partners[place] as number, now: place })
    if (mark === ALONE) take({ before: null, now: place })
    if (place < before && marks[place] === ALONE && page.length < limit) take({ before: place, now: null })
  }
  return page
}

/** A power of two. */
function partsOf(rows: number): number {
  let parts = 1
  while (parts * ROWS_AT_ONCE < rows) parts *= 2
  return parts
}

function areEqual(hashes: Uint32Array, one: number, other: number): boolean {
  return hashes[2 * one] === hashes[2 * other] && hashes[2 * one + 1] === hashes[2 * other + 1]
}
