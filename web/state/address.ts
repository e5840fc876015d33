import { type Filters, filterParameters, filtersIn } from './filters.ts'

/** What the page shows. It is all in the query of its address, so that whoever is sent the address sees the same. */
export type Place =
  | {
      readonly view: 'syncs'
      readonly filters: Filters
      /** The id of the sync that is shown beside the list. */
      readonly sync?: string | undefined
    }
  | {
      readonly view: 'rows'
      readonly spreadsheet: string
      /** The title, or `gid:N`; empty: the first one. */
      readonly tab: string
      /** What else the view keeps in the address. */
      readonly more: Readonly<Record<string, string>>
    }
  | { readonly view: 'schedules' | 'health'; readonly more: Readonly<Record<string, string>> }

/** The place that a query names: `?spreadsheet=ID&tab=…` its rows, `?view=NAME` a view, anything else the list. */
export function placeOf(query: string): Place {
  const parameters = new URLSearchParams(query)
  const { view, spreadsheet, tab, ...more } = Object.fromEntries(parameters)
  if (spreadsheet !== undefined && tab !== undefined) return { view: 'rows', spreadsheet, tab, more }
  if (view === 'schedules' || view === 'health') return { view, more }
  return { view: 'syncs', filters: filtersIn(parameters), sync: parameters.get('sync') ?? undefined }
}

/** The address of a place, relative to the page: it begins with `./`. */
export function addressOf(place: Place): string {
  const parameters = new URLSearchParams(parametersOf(place))
  return parameters.size === 0 ? './' : `./?${parameters}`
}

function parametersOf(place: Place): [name: string, value: string][] {
  switch (place.view) {
    case 'syncs':
      return [
        ...filterParameters(place.filters),
        ...Object.entries(place.sync === undefined ? {} : { sync: place.sync }),
      ]
    case 'rows':
      return Object.entries({ spreadsheet: place.spreadsheet, tab: place.tab, ...place.more })
    default:
      return Object.entries({ view: place.view, ...place.more })
  }
}
