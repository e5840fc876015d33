/** What comes before each cell of an object: its key, and the bracket or comma before that. */
export function keysOf(names: readonly string[]): string[] {
  return names.map((name, column) => `${column === 0 ? '{' : ','}${JSON.stringify(name)}:`)
}

/**
 * A row without any value: an object that names each of the first `headers` columns, or an empty array where columns have
 * no names.
 */
export function blankRow(names: readonly string[] | undefined, headers: number): string {
  if (names === undefined) return '[]'
  if (headers === 0) return '{}'
  return `${keysOf(names.slice(0, headers))
    .map((key) => `${key}null`)
    .join('')}}`
}
