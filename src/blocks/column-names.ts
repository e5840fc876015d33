/** Names of columns, and what had to be done to make them names. */
export interface ColumnNames {
  /** One unlike name for each column of the area, those past the header row's last cell too. */
  readonly names: readonly string[]
  /** Letters of the columns that were given their letter, for their header was empty with another one after it. */
  readonly empty: readonly string[]
  /** Letters of the columns whose header had been used before. */
  readonly repeated: readonly string[]
  /** Letters of the columns whose header had something around it that nobody sees, which is not in their name. */
  readonly trimmed: readonly string[]
}

/**
 * Bytes that the names of all columns of a sync may have together: they stand in each of its checkpoints and in the
 * manifest, and those of a tab in each of its rows.
 */
export const MOST_NAME_BYTES = 4_000_000

/** Bytes that names have in a list of JSON, escapes aside. */
export function nameBytes(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + Buffer.byteLength(name) + 3, 0)
}

/** What copies and imports leave around a header: blanks, byte order marks, zero-width blanks and marks of direction. */
const UNSEEN = /[\s\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069]/

/**
 * Names the columns of an area by its header row, without what stands unseen around each header. A repeated header becomes
 * `Name_2`, `Name_3` …, an empty one its column's letter; where that is the header of another column, a number is added
 * as well.
 */
export function nameColumns(headerRow: readonly string[], startColumn: number, columns: number): ColumnNames {
  const header = headerRow.map(trimUnseen)
  const headers = new Set(header.filter((name) => name !== ''))
  const taken = new Set<string>()
  const names: string[] = []
  const empty: string[] = []
  const repeated: string[] = []
  const trimmed: string[] = []
  /** The last number tried for a name, so that thousands of equal headers are not counted up from 2 each time. */
  const lastTried = new Map<string, number>()
  const unlike = (name: string): string => {
    for (let number = (lastTried.get(name) ?? 1) + 1; ; number += 1) {
      const candidate = `${name}_${number}`
      if (headers.has(candidate) || taken.has(candidate)) continue
      lastTried.set(name, number)
      return candidate
    }
  }
  for (let index = 0; index < columns; index += 1) {
    const own = header[index] ?? ''
    const letter = columnLetters(startColumn + index)
    let name: string
    if (own !== '') {
      name = taken.has(own) ? unlike(own) : own
      if (name !== own) repeated.push(letter)
      if (own !== headerRow[index]) trimmed.push(letter)
    } else {
      name = headers.has(letter) || taken.has(letter) ? unlike(letter) : letter
      if (index < header.length) empty.push(letter)
    }
    taken.add(name)
    names.push(name)
  }
  return { names, empty, repeated, trimmed }
}

function trimUnseen(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && UNSEEN.test(text.charAt(start))) start += 1
  while (start < end && UNSEEN.test(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}

/** The letters of a 0-based column: 0 is `A`, 26 is `AA`. */
export function columnLetters(column: number): string {
  let letters = ''
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters
  }
  return letters
}

/** What is known of the columns of a tab, or a range of one. */
export interface NamedColumns {
  /** `null` where no header names them. */
  readonly columnNames: readonly string[] | null
  readonly columns: number
  /** The range; `null` for a whole tab. */
  readonly rectangle: { readonly startColumn: number } | null
}

/** Names of columns, in their order; letters of the sheet where no header names them. */
export function columnNamesOf({ columnNames, columns, rectangle }: NamedColumns): readonly string[] {
  const start = rectangle?.startColumn ?? 0
  return columnNames ?? Array.from({ length: columns }, (_, index) => columnLetters(start + index))
}
