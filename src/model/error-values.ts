/** What a cell in error shows (Google, "ErrorType" of the Sheets API); without its effective value it is text like any other. */
export const ERROR_VALUES = ['#NULL!', '#DIV/0!', '#VALUE!', '#REF!', '#NAME?', '#NUM!', '#N/A', '#ERROR!'] as const

/** Characters, and bytes, of the longest of them. */
export const LONGEST_ERROR = 7

const known: ReadonlySet<string> = new Set(ERROR_VALUES)

export function isErrorValue(text: string): boolean {
  return known.has(text)
}
