import type { Sync } from '../../client/src/types.ts'

/** Which syncs are listed, by the names that `GET /syncs` has for it; what is empty filters nothing. */
export interface Filters {
  readonly state: readonly string[]
  readonly spreadsheet: string
  /** `name=value`; a sync must have all of them. */
  readonly label: readonly string[]
  readonly schedule: string
  /** The code of the error that it failed with. */
  readonly code: string
  /** Text in the title, the ids or the labels, in upper or lower case. */
  readonly q: string
}

export const NO_FILTERS: Filters = { state: [], spreadsheet: '', label: [], schedule: '', code: '', q: '' }

/** What a sync must have to be matched. */
export type Filterable = Pick<Sync, 'id' | 'state' | 'scheduleId' | 'labels'> & {
  readonly spreadsheet: Pick<Sync['spreadsheet'], 'id' | 'title'>
  readonly error: { readonly code: string } | null
}

export function filtersIn(parameters: URLSearchParams): Filters {
  return {
    state: (parameters.get('state') ?? '').split(',').filter(Boolean),
    spreadsheet: parameters.get('spreadsheet') ?? '',
    label: parameters.getAll('label').filter(Boolean),
    schedule: parameters.get('schedule') ?? '',
    code: parameters.get('code') ?? '',
    q: parameters.get('q') ?? '',
  }
}

/** The same for a query: `GET /syncs` takes them as they stand. */
export function filterParameters({ state, label, ...texts }: Filters): [name: string, value: string][] {
  return [
    ...(state.length === 0 ? [] : [['state', state.join(',')] as [string, string]]),
    ...label.map((one): [string, string] => ['label', one]),
    ...Object.entries(texts).filter(([, text]) => text !== ''),
  ]
}

export function isFiltered(filters: Filters): boolean {
  return filterParameters(filters).length > 0
}

/** Whether a sync is one of those that the service lists under these filters. */
export function matches(filters: Filters, sync: Filterable): boolean {
  const { state, spreadsheet, label, schedule, code, q } = filters
  const labels = Object.entries(sync.labels)
  return (
    (state.length === 0 || state.includes(sync.state)) &&
    (spreadsheet === '' || spreadsheet.includes(sync.spreadsheet.id)) &&
    (schedule === '' || sync.scheduleId === schedule) &&
    (code === '' || sync.error?.code === code) &&
    label.every((one) => labels.some(([name, value]) => `${name}=${value}` === one)) &&
    (q === '' ||
      [sync.spreadsheet.title ?? '', sync.spreadsheet.id, sync.id, ...labels.map(([, value]) => value)].some((text) =>
        text.toLowerCase().includes(q.toLowerCase()),
      ))
  )
}
