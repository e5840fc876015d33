/** What a column is asked for. */
export interface ColumnFilter {
  readonly column: string
  readonly test: FilterTest
  readonly value: string
}

export type FilterTest = keyof typeof TESTS

interface Test {
  /** As people say it. */
  readonly words: string
  /** The expression for a column, whose name comes as SQL is written. */
  readonly sql: (column: string) => string
  readonly isValueless?: true
}

const compares = (words: string, operator: string): Test => ({ words, sql: (column) => `${column} ${operator} ?` })

/** The tests that there are, by the name that the address has for them. */
export const TESTS = {
  contains: { words: 'contains', sql: (column) => `contains(lower(CAST(${column} AS VARCHAR)), lower(?))` },
  is: compares('is', '='),
  not: compares('is not', 'IS DISTINCT FROM'),
  from: compares('≥', '>='),
  above: compares('>', '>'),
  to: compares('≤', '<='),
  below: compares('<', '<'),
  blank: { words: 'is blank', sql: (column) => `${column} IS NULL`, isValueless: true },
  filled: { words: 'is not blank', sql: (column) => `${column} IS NOT NULL`, isValueless: true },
} as const satisfies Record<string, Test>

/** The tests that make sense for a column of a type of the column schema. */
export function testsFor(type: string): readonly FilterTest[] {
  const always = ['is', 'not', 'blank', 'filled'] as const
  if (type === 'boolean') return always
  if (type === 'text' || type === 'mixed' || type === 'empty') return ['contains', ...always]
  return ['is', 'not', 'from', 'above', 'to', 'below', 'blank', 'filled']
}

export interface Sort {
  readonly column: string
  readonly isDescending: boolean
}

/** What the address asks of a tab. */
export interface RowQuestion {
  readonly sort: Sort | undefined
  readonly filters: readonly ColumnFilter[]
}

type More = Readonly<Record<string, string>>

/** More filters than this help nobody, and an address has an end. */
const MOST_FILTERS = 20

/** Reads `order` (as the API takes it) and `filters` (JSON) of an address. What cannot be read is left out. */
export function questionIn({ order = '', filters = '' }: More): RowQuestion {
  const [, quoted, direction] = /^"((?:[^"]|"")+)" (asc|desc)$/.exec(order) ?? []
  const sort = quoted && { column: quoted.replaceAll('""', '"'), isDescending: direction === 'desc' }
  return { sort: sort || undefined, filters: filtersIn(filters) }
}

function filtersIn(text: string): readonly ColumnFilter[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text || '[]')
  } catch {
    return []
  }
  return (Array.isArray(parsed) ? parsed : [])
    .filter((one): one is [string, FilterTest, string] => {
      const [column, test, value] = Array.isArray(one) ? one : []
      return typeof column === 'string' && Object.hasOwn(TESTS, String(test)) && typeof value === 'string'
    })
    .slice(0, MOST_FILTERS)
    .map(([column, test, value]) => ({ column, test, value }))
}

/** The same, for the address: only what is asked. */
export function questionParameters({ sort, filters }: RowQuestion): More {
  return {
    ...(sort !== undefined && { order: orderOf(sort) }),
    ...(filters.length > 0 && {
      filters: JSON.stringify(filters.map(({ column, test, value }) => [column, test, value])),
    }),
  }
}

/** The question as `GET …/rows` takes it: names in quotes, values bound. */
export function rowsQuery({ sort, filters }: RowQuestion): {
  readonly order?: string
  readonly where?: string
  readonly params?: readonly string[]
} {
  const tests = filters.map(({ column, test, value }) => ({ ...(TESTS[test] as Test), column, value }))
  return {
    ...(sort !== undefined && { order: orderOf(sort) }),
    ...(tests.length > 0 && {
      where: tests.map(({ column, sql }) => `(${sql(quoted(column))})`).join(' AND '),
      params: tests.filter(({ isValueless }) => !isValueless).map(({ value }) => value),
    }),
  }
}

/** The sort that comes after this one for whoever presses a column again: up, down, as in the tab. */
export function nextSort(sort: Sort | undefined, column: string): Sort | undefined {
  if (sort?.column !== column) return { column, isDescending: false }
  return sort.isDescending ? undefined : { column, isDescending: true }
}

function orderOf({ column, isDescending }: Sort): string {
  return `${quoted(column)} ${isDescending ? 'desc' : 'asc'}`
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
