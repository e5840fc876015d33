import { AppError } from '../errors.ts'
import { identifier } from './engine/sql-text.ts'
import { fold } from './engine-names.ts'

/** Columns named in an error; a sheet may have thousands. */
const MOST_NAMED = 50

/** One part of a list: a name, in double quotes or without, and what follows it. */
const PART = /^\s*(?:"((?:[^"]|"")*)"|(.*?))\s*$/s
const DIRECTION = /\s+(asc|desc)(?:\s+nulls\s+(first|last))?\s*$/i

/** A column that rows are sorted by. */
export interface SortKey {
  readonly column: string
  readonly isDescending: boolean
  /** Blank cells come last either way unless the user says otherwise, as in a spreadsheet. */
  readonly areBlanksFirst: boolean
}

/** What SQL sorts by. */
export function sortedBy(keys: readonly SortKey[]): string {
  return keys
    .map(({ column, isDescending, areBlanksFirst }) => {
      return `${identifier(column)} ${isDescending ? 'DESC' : 'ASC'} NULLS ${areBlanksFirst ? 'FIRST' : 'LAST'}`
    })
    .join(', ')
}

/** Finds columns as users name them. */
export class ColumnList {
  readonly #columns: readonly string[]
  readonly #byName: ReadonlyMap<string, string>
  readonly #byFolded: ReadonlyMap<string, string>

  /** `columns`: as the engine names them, unlike each other whatever the case. */
  constructor(columns: readonly string[]) {
    this.#columns = columns
    this.#byName = new Map(columns.map((column) => [column, column]))
    this.#byFolded = new Map(columns.map((column) => [fold(column), column]))
  }

  /** `Order,"Unit price"` as a list of SQL. Throws a COLUMN_NOT_FOUND with every name at fault. */
  select(list: string): string {
    return this.names('select', list).map(identifier).join(', ')
  }

  /** The columns that a field of the request lists. Throws a COLUMN_NOT_FOUND with every name at fault. */
  names(field: string, list: string): string[] {
    return this.#parts(field, list, (part) => this.#find(part))
  }

  /** `Price desc, "Order"` as what rows are sorted by. Throws a COLUMN_NOT_FOUND with every name at fault. */
  order(list: string): SortKey[] {
    return this.#parts('order', list, (part) => {
      // A column may be called `a desc`.
      const whole = this.#find(part)
      if (whole !== undefined) return { column: whole, isDescending: false, areBlanksFirst: false }
      const [ending, direction = '', nulls = ''] = DIRECTION.exec(part) ?? []
      const column = ending === undefined ? undefined : this.#find(part.slice(0, -ending.length))
      return column === undefined
        ? undefined
        : { column, isDescending: /desc/i.test(direction), areBlanksFirst: /first/i.test(nulls) }
    })
  }

  #parts<Found>(field: string, list: string, find: (part: string) => Found | undefined): Found[] {
    const errors: { field: string; message: string }[] = []
    const parts = splitList(list).flatMap((part, index): Found[] => {
      const found = find(part)
      if (found !== undefined) return [found]
      errors.push({ field: `${field}[${index}]`, message: `${JSON.stringify(part.trim())} is no column` })
      return []
    })
    if (errors.length > 0) throw this.#notFound(field, errors)
    return parts
  }

  #find(part: string): string | undefined {
    const [, quoted, plain = ''] = PART.exec(part) ?? []
    const name = quoted === undefined ? plain : quoted.replaceAll('""', '"')
    return this.#byName.get(name) ?? this.#byFolded.get(fold(name))
  }

  #notFound(field: string, errors: readonly { field: string; message: string }[]): AppError {
    const named = this.#columns.slice(0, MOST_NAMED).map((column) => JSON.stringify(column))
    const more = this.#columns.length > MOST_NAMED ? ` and ${this.#columns.length - MOST_NAMED} more` : ''
    return new AppError('COLUMN_NOT_FOUND', `${field}: ${errors.map(({ message }) => message).join('; ')}.`, {
      hint: `There are ${named.join(', ')}${more}. Put a name with a comma in it into double quotes.`,
      errors,
    })
  }
}

/** Splits at the commas that stand outside of double quotes. */
function splitList(list: string): string[] {
  return list.match(/(?:"(?:[^"]|"")*"|[^,"]|"(?=[^"]*$))+|(?<=,|^)(?=,|$)/gs) ?? [list]
}
