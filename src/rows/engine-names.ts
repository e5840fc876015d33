/**
 * Names that the engine tells apart, in the same places. It takes names that are equal but for the case of ASCII letters
 * for one (DuckDB 1.5, tried: `Ä` and `ä` are two), so each after the first gets `_2`, `_3` … as a header that is repeated
 * does, never the name of another. What cannot stand in its SQL, a NUL or half a surrogate pair, becomes U+FFFD.
 */
export function engineNames(names: readonly string[]): string[] {
  const writable = names.map((name) => name.toWellFormed().replaceAll('\0', '\ufffd'))
  const given = new Set(writable.map(fold))
  const taken = new Set<string>()
  // The last number tried for a name, so that thousands of equal ones are not counted up from 2 each time.
  const lastTried = new Map<string, number>()
  return writable.map((name) => {
    const folded = fold(name)
    let unlike = name
    for (let number = lastTried.get(folded) ?? 1; taken.has(fold(unlike)); ) {
      number += 1
      lastTried.set(folded, number)
      const candidate = `${name}_${number}`
      if (!given.has(fold(candidate))) unlike = candidate
    }
    taken.add(fold(unlike))
    return unlike
  })
}

/** A name as DuckDB compares it: letters of ASCII in lower case, all others as they are. */
export function fold(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
