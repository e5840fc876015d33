import type { DuckDBConnection } from '@duckdb/node-api'
import { LRUCache } from 'lru-cache'
import type { SortedPage } from './protocol.ts'
import { identifier, literal } from './sql-text.ts'

/** Tables with fewer rows are read whole in little time. */
const LEAST_ROWS = 20_000
/** Rows of which the bounds of a column are taken. */
const SAMPLED_ROWS = 2048
/** Parts of a table that are tried before all of it. */
const SHARES = [1 / 64, 1 / 8] as const
/** How many times the rows wanted a part must have to be tried: with a filter, which lets some of them pass, and without. */
const FILTERED_MARGIN = 4
const MARGIN = 2
/** Of texts DuckDB finds the first ones as fast by itself, and they may be long; two booleans part nothing. */
const WITHOUT_BOUNDS: ReadonlySet<string> = new Set(['VARCHAR', 'BOOLEAN'])
/** Columns and pages of which something is remembered. */
const MOST_KEPT = 64

/** Of a column: beyond which value the first and the last `SHARES` of its rows are, as literals of SQL. */
interface Bounds {
  readonly first: readonly (string | undefined)[]
  readonly last: readonly (string | undefined)[]
}

export interface LikelyPage {
  readonly sql: string
  /** Says that the page was not full: the next time more rows are tried. */
  hasTooFew(): void
}

/**
 * Where the first rows of a sorted table are likely to be. DuckDB sorts by looking at every row, and at all that a filter
 * asks of it. With a bound, which a sample of the column tells, most rows are passed over by that column alone; whether
 * what is found is enough, the answer shows.
 */
export class FirstRows {
  readonly #connection: DuckDBConnection
  readonly #bounds = new LRUCache<string, Promise<Bounds>>({ max: MOST_KEPT })
  /** Of a page's SQL: the first of the shares that was not too small, whatever its parameters were. */
  readonly #enough = new LRUCache<string, number>({ max: MOST_KEPT })
  #rows: Promise<number> | undefined

  /** Of the table `f0.t`. */
  constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  /** A page of its likely rows alone; `undefined` when it is to be asked of all. */
  async likely({ column, isDescending, rows, head, filter, tail }: SortedPage): Promise<LikelyPage | undefined> {
    const whole = `${head}${filter}${tail}`
    this.#rows ??= this.#one('SELECT count(*) FROM f0.t').then(Number)
    const all = await this.#rows
    if (all < LEAST_ROWS) return undefined
    const wanted = rows * (filter === undefined ? MARGIN : FILTERED_MARGIN)
    const least = SHARES.findIndex((share) => share * all >= wanted)
    const place = Math.max(least, this.#enough.get(whole) ?? 0)
    if (least < 0 || place >= SHARES.length) return undefined
    let bounds = this.#bounds.get(column)
    if (bounds === undefined) {
      bounds = this.#boundsOf(column, all)
      this.#bounds.set(column, bounds)
    }
    const bound = (await bounds)[isDescending ? 'last' : 'first'][place]
    if (bound === undefined) return undefined
    const isLikely = `${identifier(column)} ${isDescending ? '>=' : '<='} ${bound}`
    // Within CASE the filter is asked of those rows alone; beside AND DuckDB tries which of both it had better begin with.
    const passes = filter === undefined ? '' : ` AND CASE WHEN ${isLikely} THEN ${filter} END`
    return {
      sql: `${head} WHERE ${isLikely}${passes}${tail}`,
      hasTooFew: () => void this.#enough.set(whole, place + 1),
    }
  }

  async #boundsOf(column: string, all: number): Promise<Bounds> {
    const name = identifier(column)
    const type = await this.#one(`SELECT any_value(typeof(${name})) FROM (SELECT ${name} FROM f0.t LIMIT 1)`)
    if (WITHOUT_BOUNDS.has(type)) return { first: [], last: [] }
    const step = Math.ceil(all / SAMPLED_ROWS)
    const reader = await this.#connection.runAndReadAll(
      `SELECT ${name}::VARCHAR FROM f0.t WHERE rowid % ${step} = 0 AND ${name} IS NOT NULL ORDER BY ${name}`,
    )
    const values = reader.getRows().map(([value]) => String(value))
    const placeOf = (share: number) => Math.ceil((share * all) / step)
    const written = (value: string | undefined) => (value === undefined ? undefined : `${literal(value)}::${type}`)
    // Blank cells come last either way; where so many are blank, a bound takes in all the others.
    return {
      first: SHARES.map((share) => written(values[placeOf(share)])),
      last: SHARES.map((share) => written(values[values.length - 1 - placeOf(share)])),
    }
  }

  async #one(sql: string): Promise<string> {
    return String((await this.#connection.runAndReadAll(sql)).getRows()[0]?.[0])
  }
}
