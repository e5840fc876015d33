import t from 'tap'
import { syncRequestBody } from '../../src/model/sync-request.ts'
import { bodyOf, curlOf, EMPTY_FORM, faultsOf } from '../../web/state/start-form.ts'

const ID = '1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms'

t.test('a form that nobody touched asks for nothing but the spreadsheet', async (t) => {
  t.same(bodyOf({ ...EMPTY_FORM, spreadsheet: ` ${ID} ` }), { body: { spreadsheet: ID }, faults: [] })
})

t.test('what the form shows untouched are the defaults of the API', async (t) => {
  const { values, dates, ifUnchanged, ifActive, formats, headerRow, csv } = syncRequestBody.parse({ spreadsheet: ID })
  t.same(
    {
      values,
      dates,
      ifUnchanged,
      ifActive,
      formats,
      headerRow: String(headerRow),
      injection: csv.injection,
      bom: csv.bom,
    },
    (({ values, dates, ifUnchanged, ifActive, formats, headerRow, injection, bom }) => ({
      values,
      dates,
      ifUnchanged,
      ifActive,
      formats,
      headerRow,
      injection,
      bom,
    }))(EMPTY_FORM),
  )
})

t.test('every field comes out as the API takes it', async (t) => {
  const { body, faults } = bodyOf({
    ...EMPTY_FORM,
    spreadsheet: ID,
    tabs: 'Orders\n gid:12 \n\n',
    formats: ['csv', 'parquet'],
    headerRow: '0',
    values: 'formatted',
    dates: 'serial',
    injection: 'raw',
    bom: true,
    ifUnchanged: 'skip',
    maxAge: '2h',
    ifActive: 'start',
    labels: 'team=sales\nnote = a=b',
    webhook: 'https://example.com/hook',
    expect: '{"minRows": 1}',
  })
  t.same(faults, [])
  t.same(body, {
    spreadsheet: ID,
    tabs: ['Orders', 12],
    formats: ['csv', 'parquet'],
    headerRow: 0,
    values: 'formatted',
    dates: 'serial',
    csv: { injection: 'raw', bom: true },
    ifUnchanged: 'skip',
    maxAge: '2h',
    ifActive: 'start',
    labels: { team: 'sales', note: 'a=b' },
    webhook: { url: 'https://example.com/hook' },
    expect: { minRows: 1 },
  })
  t.ok(syncRequestBody.safeParse(body).success)
})

t.test('what is no JSON is at fault before anything is sent', async (t) => {
  const { faults } = bodyOf({ ...EMPTY_FORM, spreadsheet: ID, expect: '{minRows: 1}' })
  t.match(faults, [{ field: 'expect', message: /^is not JSON/, hint: /minRows/ }])
})

t.test('a fault belongs to the field that it is in', async (t) => {
  const faults = ['tabs[1]', 'labels.a b', 'csv.bom', 'tabsAndMore'].map((field) => ({ field, message: '' }))
  const fieldsOf = (name: string) => faultsOf(faults, name).map(({ field }) => field)
  t.same(fieldsOf('tabs'), ['tabs[1]'])
  t.same(fieldsOf('labels'), ['labels.a b'])
  t.same(fieldsOf('csv.bom'), ['csv.bom'])
  t.same(fieldsOf('csv.injection'), [])
})

t.test('the command is one that a shell runs as it stands, and holds no key', async (t) => {
  const command = curlOf({ spreadsheet: "it's $HOME `x`" }, 'https://host/prefix', true)
  t.match(command, 'curl -X POST https://host/prefix/syncs')
  t.match(command, String.raw`-d '{"spreadsheet":"it'\''s $HOME ${'`x`'}"}'`)
  t.match(command, '"Authorization: Bearer $SHEETSYNC_KEY"')
  t.notMatch(curlOf({}, 'http://host', false), /Authorization|X-Google/)
  t.match(curlOf({}, 'http://host', false, true), '-H "X-Google-Access-Token: $GOOGLE_TOKEN"')
})
