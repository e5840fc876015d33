/** The values of one range as Google sends them: blank cells are `""`, or missing at the end of a row. */
export type Rows = (string | number | boolean)[][]

/** The indexes of what is true. */
export function columnsOf(flags: readonly boolean[]): number[] {
  const columns: number[] = []
  for (let column = 0; column < flags.length; column += 1) if (flags[column]) columns.push(column)
  return columns
}
