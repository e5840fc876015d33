import t from 'tap'
import { addressOf, type Place, placeOf } from '../../web/state/address.ts'
import { type Filterable, filtersIn, isFiltered, matches, NO_FILTERS } from '../../web/state/filters.ts'

const SYNC: Filterable = {
  id: 'sync-1',
  state: 'failed',
  scheduleId: 'sched-1',
  labels: { team: 'Sales', nightly: 'yes' },
  spreadsheet: { id: 'SheetId', title: 'Orders 2026' },
  error: { code: 'SHEET_FORBIDDEN' },
}

t.test('every place is found again by its address', async (t) => {
  const filters = {
    state: ['failed', 'queued'],
    spreadsheet: 'a',
    label: ['a=b', 'c=d&e'],
    schedule: 's',
    code: 'C',
    q: 'x y',
  }
  const places: Place[] = [
    { view: 'syncs', filters: NO_FILTERS, sync: undefined },
    { view: 'syncs', filters, sync: 'sync-1' },
    { view: 'rows', spreadsheet: 'id', tab: 'A & B', more: { order: 'x desc' } },
    { view: 'rows', spreadsheet: 'id', tab: '', more: {} },
    { view: 'schedules', more: { schedule: 'one' } },
    { view: 'health', more: {} },
  ]
  for (const place of places) t.same(placeOf(addressOf(place).slice(2)), place, addressOf(place))
  t.equal(addressOf({ view: 'syncs', filters: NO_FILTERS }), './')
})

t.test('an address that nobody has made is that of the list', async (t) => {
  for (const query of ['?view=elsewhere', '?tab=A', '?state=', '?label=', '?%E0%A4%A']) {
    t.same(placeOf(query), { view: 'syncs', filters: NO_FILTERS, sync: undefined }, query)
  }
  t.match(placeOf('?spreadsheet=id'), { view: 'syncs', filters: { spreadsheet: 'id' } })
})

t.test('a sync matches where each filter does', async (t) => {
  const match = (query: string) => matches(filtersIn(new URLSearchParams(query)), SYNC)
  for (const query of [
    '',
    'state=failed',
    'state=queued,failed',
    'spreadsheet=SheetId',
    'spreadsheet=https://docs.google.com/spreadsheets/d/SheetId/edit',
    'label=team=Sales&label=nightly=yes',
    'schedule=sched-1',
    'code=SHEET_FORBIDDEN',
    'q=orders',
    'q=SHEETID',
    'q=sync-1',
    'q=sales',
  ])
    t.ok(match(query), query)
  for (const query of [
    'state=queued',
    'spreadsheet=Other',
    'label=team=sales',
    'label=team=Sales&label=nightly=no',
    'schedule=sched-2',
    'code=SHEET_NOT_FOUND',
    'q=invoices',
    'q=nightly',
    'state=failed&q=invoices',
  ])
    t.notOk(match(query), query)
})

t.test('nothing is filtered without a filter', async (t) => {
  t.notOk(isFiltered(NO_FILTERS))
  t.ok(isFiltered({ ...NO_FILTERS, label: ['a=b'] }))
})
