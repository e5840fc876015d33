/** Whose functions hash and compare in a worker thread. */
export const LINE_HASHES_MODULE = import.meta.url

const LINE_END = 0x0a
const COMMA = 0x2c

/** A part of a file of rows: what the part before has left, and what follows. */
export interface LinePiece {
  readonly bytes: Uint8Array
}

export interface HashedLines {
  /** 64 bits for each row that ends in the piece. */
  readonly hashes: BigUint64Array
  /** The line that does not end in it. */
  readonly rest: Uint8Array
}

/** Hashes rows. A row has the same bytes in JSON, but for a comma after it, and in NDJSON. */
export function hashLines({ bytes }: LinePiece): HashedLines {
  const hashes: number[] = []
  let start = 0
  for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, start)) {
    const to = bytes[end - 1] === COMMA ? end - 1 : end
    // The brackets of a JSON array have lines of their own.
    if (to - start > 1) addHash(hashes, bytes, start, to)
    start = end + 1
  }
  return { hashes: new BigUint64Array(Uint32Array.from(hashes).buffer), rest: bytes.slice(start) }
}

/**
 * Adds the two halves of a hash. Two rows of a million and a million others have the same one with a probability of 10^-7.
 * It is no defence against rows that are made to be alike: whoever makes them can but have their own change not counted.
 */
function addHash(hashes: number[], bytes: Uint8Array, from: number, to: number): void {
  let one = 0x9e3779b9
  let other = 0x85ebca6b
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0
    // Multiplied bits move up and shifted ones down, so that each byte moves them all (as in MurmurHash3's finalizer).
    one = Math.imul(one ^ byte, 0x5bd1e995)
    one ^= one >>> 15
    other = Math.imul(other ^ byte, 0xc2b2ae35)
    other ^= other >>> 13
  }
  hashes.push(one >>> 0, other >>> 0)
}

export interface HashedFiles {
  readonly before: BigUint64Array
  readonly now: BigUint64Array
}

/** Counts what is in one of the files only, as multisets: a row that is there twice and was there once is added once. */
export function compareHashes({ before, now }: HashedFiles): { readonly added: number; readonly removed: number } {
  before.sort()
  now.sort()
  let [one, other, same] = [0, 0, 0]
  while (one < before.length && other < now.length) {
    const [a, b] = [before[one] ?? 0n, now[other] ?? 0n]
    if (a === b) same += 1
    if (a <= b) one += 1
    if (b <= a) other += 1
  }
  return { added: now.length - same, removed: before.length - same }
}
