/** Where DuckDB says that something is wrong: `… (line 2, column 19)`. Both count from 1. */
export function placeInSql(message: string): { readonly line: number; readonly column: number } | undefined {
  const [, line, column] = /\(line (\d+), column (\d+)\)/.exec(message) ?? []
  return line === undefined ? undefined : { line: Number(line), column: Number(column) }
}

/** Characters before a line. */
export function lineStart(text: string, line: number): number {
  return text
    .split('\n')
    .slice(0, line - 1)
    .reduce((sum, one) => sum + one.length + 1, 0)
}
