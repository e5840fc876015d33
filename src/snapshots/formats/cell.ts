/** What a cell of a row is when it is written: text, a number or a boolean as Google sent it; `null` is blank. */
export type Cell = string | number | boolean | null
