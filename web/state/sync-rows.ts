import type { ListedSync } from './listed-sync.ts'

/** Syncs that are kept at the most; a narrower filter shows older ones. */
export const MOST_ROWS = 20_000

/** The rows of a list of syncs, newest first: their ids sort, as text, by the time they were made. Immutable. */
export class SyncRows {
  readonly all: readonly ListedSync[]
  /** Of the page after the last row; null: there is none. */
  readonly nextPageToken: string | null
  readonly #ids: ReadonlySet<string>

  constructor(all: readonly ListedSync[] = [], nextPageToken: string | null = null) {
    this.all = all.slice(0, MOST_ROWS)
    this.nextPageToken = nextPageToken
    this.#ids = new Set(this.all.map(({ id }) => id))
  }

  /**
   * With a page as the service has it now, in place of what was known of its syncs: those that it has no more are gone.
   * `above`: the id that the page comes after; without it, it is the first page.
   */
  covered(page: readonly ListedSync[], nextPageToken: string | null, above?: string): SyncRows {
    const last = page.at(-1)?.id ?? above ?? ''
    const isNewer = ({ id }: ListedSync) => above !== undefined && id >= above
    const newer = this.all.filter(isNewer)
    const older = nextPageToken === null ? [] : this.all.filter((row) => !isNewer(row) && row.id < last)
    const known = new Map(this.all.map((row) => [row.id, row]))
    const rows = page
      .filter((row) => !isNewer(row))
      .map((row) => {
        const before = known.get(row.id)
        return before !== undefined && before.revision >= row.revision ? before : row
      })
    return new SyncRows([...newer, ...rows, ...older], older.length > 0 ? this.nextPageToken : nextPageToken)
  }

  /**
   * With these changes: a later revision replaces what is known of a sync, a new sync comes in where it belongs unless that
   * is on a page that was not read yet, and `undefined` takes a sync out.
   */
  changed(changes: ReadonlyMap<string, ListedSync | undefined>): SyncRows {
    const oldest = this.nextPageToken === null ? '' : (this.all.at(-1)?.id ?? '')
    const fresh = [...changes.values()].filter(
      (sync) => sync !== undefined && !this.#ids.has(sync.id) && sync.id > oldest,
    ) as ListedSync[]
    const kept = this.all.flatMap((row) => {
      if (!changes.has(row.id)) return [row]
      const next = changes.get(row.id)
      return next === undefined ? [] : [next.revision > row.revision ? next : row]
    })
    return new SyncRows(fresh.length === 0 ? kept : [...kept, ...fresh].sort(byNewest), this.nextPageToken)
  }
}

function byNewest(one: ListedSync, other: ListedSync): number {
  return one.id < other.id ? 1 : -1
}
