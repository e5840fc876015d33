import t from 'tap'
import { parseSpreadsheetReference } from '../../src/model/spreadsheet-reference.ts'
import {
  isSameDownload,
  normalizeRequest,
  type SyncRequestInput,
  syncRequestBody,
} from '../../src/model/sync-request.ts'

const ID = '1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms'

function normalized(body: SyncRequestInput) {
  return normalizeRequest(syncRequestBody.parse(body))
}

t.test('an id and every kind of Google Sheets URL name the spreadsheet', async (t) => {
  const names = [
    ID,
    `  ${ID}\n`,
    `https://docs.google.com/spreadsheets/d/${ID}`,
    `https://docs.google.com/spreadsheets/d/${ID}/edit?usp=sharing`,
    `https://docs.google.com/spreadsheets/u/0/d/${ID}/edit`,
    `https://docs.google.com/a/example.com/spreadsheets/d/${ID}/edit`,
    `docs.google.com/spreadsheets/d/${ID}/edit`,
    `https://drive.google.com/open?id=${ID}`,
    `https://drive.google.com/file/d/${ID}/view`,
    `https://docs.google.com/a/example.com/spreadsheets/u/1/d/${ID}/edit`,
    `https://docs.google.com/spreadsheets/d/${ID}/export?format=xlsx`,
    `https://spreadsheets.google.com/ccc?key=${ID}`,
    `spreadsheets.google.com/a/example.com/ccc?key=${ID}`,
    `https://spreadsheets.google.com/pub?key=${ID}`,
    `https://docs.google.com/spreadsheet/ccc?key=${ID}`,
    `https://docs.google.com/spreadsheet/pub?key=${ID}`,
    `https://docs.google.com/a/example.com/open?id=${ID}`,
    `https://drive.google.com/a/example.com/open?id=${ID}`,
    `https://drive.google.com/u/0/open?id=${ID}`,
  ]
  for (const name of names) {
    t.match(parseSpreadsheetReference(name), { id: ID }, name)
    t.match(normalized({ spreadsheet: name }), { spreadsheetId: ID, request: { tabs: null, ranges: null } }, name)
  }
})

t.test('whom a credential acts for is an address of visible ASCII', (t) => {
  for (const actAs of ['Ann@Example.com', "o'neil+x_1@sub.example.co", 'a.b-c@xn--bcher-kva.example']) {
    t.match(normalized({ spreadsheet: ID, actAs }), { request: { actAs: actAs.toLowerCase() } })
  }
  const others = [
    'ann',
    'ann@',
    '@example.com',
    'a@b@example.com',
    'ann@example.com.',
    'ann@example',
    ' ann@example.com',
  ]
  // NUL, a right-to-left override, a space of no width, a letter that looks like another, two that fold to k and to s.
  const alike = ['an\0n', 'an\u202En', 'an\u200Bn', '\u0430nn'].map((name) => `${name}@example.com`)
  for (const actAs of [...others, ...alike, 'ann@\u212Aiosk.com', 'ann@example\u017F.com']) {
    t.equal(syncRequestBody.safeParse({ spreadsheet: ID, actAs }).success, false, JSON.stringify(actAs))
  }
  t.end()
})

t.test('the gid of a URL is read from its fragment or its query', async (t) => {
  t.match(parseSpreadsheetReference(`https://docs.google.com/spreadsheets/d/${ID}/edit#gid=42`), { gid: 42 })
  t.match(parseSpreadsheetReference(`https://docs.google.com/spreadsheets/d/${ID}/edit?gid=0#gid=0`), { gid: 0 })
  t.match(parseSpreadsheetReference(`https://docs.google.com/spreadsheets/d/${ID}/edit?gid=7`), { gid: 7 })
})

t.test('what is no spreadsheet is refused with a reason and a mend', async (t) => {
  const others = [
    '',
    '../etc/passwd',
    'not an id!',
    'x'.repeat(129),
    'https://example.com/spreadsheets/d/abc',
    'https://docs.google.com.evil.example/spreadsheets/d/abc',
    'https://docs.google.com/document/d/abc/edit',
    'https://docs.google.com/spreadsheets/d/e/2PACX-abc/pubhtml',
    'javascript:alert(1)',
    'a\0b',
  ]
  for (const other of others)
    t.match(parseSpreadsheetReference(other), { message: String, hint: String }, JSON.stringify(other))
})

t.test('the gid of a URL selects that tab only when neither tabs nor ranges are given', async (t) => {
  const url = `https://docs.google.com/spreadsheets/d/${ID}/edit#gid=5`
  t.same(normalized({ spreadsheet: url }).request.tabs, [5])
  t.same(normalized({ spreadsheet: url, tabs: ['Orders'] }).request.tabs, ['Orders'])
  t.equal(normalized({ spreadsheet: url, ranges: ['A1:B2'] }).request.tabs, null)
  t.equal(normalized({ spreadsheet: ID }).request.tabs, null)
})

t.test('a gid in a place where it selects nothing is refused, not taken for the whole spreadsheet', async (t) => {
  for (const part of ['#gid%3D5', '%23gid=5', '?usp=sharing%23gid=5', '#GID=5', '#/gid=5', '?a=b;gid=5']) {
    const spreadsheet = `https://docs.google.com/spreadsheets/d/${ID}/edit${part}`
    const { error } = syncRequestBody.safeParse({ spreadsheet })
    t.match(error?.issues, [{ path: ['spreadsheet'], message: /gid/ }], part)
    t.strictSame(normalized({ spreadsheet, tabs: [5] }).request.tabs, [5], 'what is selected beside it counts')
  }
  const harmless = `https://docs.google.com/spreadsheets/d/${ID}/edit?ouid=5&rtpof=true`
  t.equal(normalized({ spreadsheet: harmless }).request.tabs, null)
})

t.test('what a URL points at is what is downloaded, and nothing more', async (t) => {
  const base = `https://docs.google.com/spreadsheets/d/${ID}`
  const cases: [string, { tabs?: (string | number)[]; ranges?: string[] }][] = [
    ['/edit#gid=5)', { tabs: [5] }],
    ['/edit?gid=5,', { tabs: [5] }],
    ['/edit?gid=5#gid=5".', { tabs: [5] }],
    ['/edit?gid=1#gid=5', { tabs: [5] }],
    ['/edit?gid=0#gid=0&range=A1:B2', { ranges: ['gid:0!A1:B2'] }],
    ['/edit#range=A1:B2', { ranges: ['A1:B2'] }],
    ['/edit#gid=7&range=Sales', { ranges: ['gid:7!Sales'] }],
    ["/edit#gid=7&range='It''s'!A1", { ranges: ["'It''s'!A1"] }],
    ['/gviz/tq?tqx=out:csv&sheet=First', { tabs: ['First'] }],
    ['/gviz/tq?tqx=out:csv&sheet=Sales%20(2024)', { tabs: ['Sales (2024)'] }],
    ["/gviz/tq?tqx=out:csv&sheet=It's&range=A1:B2", { ranges: ["'It''s'!A1:B2"] }],
    ['/gviz/tq?tqx=out:csv&gid=3', { tabs: [3] }],
    ['/export?format=csv&gid=3', { tabs: [3] }],
  ]
  for (const [path, { tabs = null, ranges = null }] of cases) {
    t.match(normalized({ spreadsheet: `${base}${path}` }).request, { tabs, ranges }, path)
  }
})

t.test('a URL whose part cannot be told or downloaded is refused, and is never the whole spreadsheet', async (t) => {
  const base = `https://docs.google.com/spreadsheets/d/${ID}`
  const cases: [string, RegExp][] = [
    ['/edit#gid=5x', /gid "5x"/],
    ['/edit#gid=', /gid ""/],
    ['/edit#gid=-5', /gid "-5"/],
    ['/edit?gid=5#gid=first', /gid "first"/],
    ['/edit#gid=9999999999', /gid "9999999999"/],
    ['/edit#gid=0&range=', /empty range/],
    ['/gviz/tq?tqx=out:csv&sheet=', /empty sheet/],
    ['/gviz/tq?gid=1&sheet=First', /twice/],
    ['/gviz/tq?tqx=out:csv&sheet=First&tq=select%20A', /query/],
    ['/gviz/tq?tqx=out:csv', /first tab/],
    ['/export?format=csv', /first tab/],
    ['/export?format=pdf&gid=0&r1=0&r2=5&c1=0&c2=3', /by number/],
    ['/edit#gid=0&fvid=123', /filter view/],
    ['/edit#rangeid=123', /range by its id/],
  ]
  for (const [path, says] of cases) {
    const { error } = syncRequestBody.safeParse({ spreadsheet: `${base}${path}` })
    t.match(error?.issues, [{ path: ['spreadsheet'], message: says, params: { hint: String } }], path)
    t.same(normalized({ spreadsheet: `${base}${path}`, tabs: ['A'] }).request.tabs, ['A'], 'unless the body says what')
  }
})

t.test('a body of only a spreadsheet gets every default', async (t) => {
  t.same(normalized({ spreadsheet: ID }), {
    spreadsheetId: ID,
    request: {
      tabs: null,
      ranges: null,
      formats: ['json'],
      headerRow: 1,
      values: 'typed',
      dates: 'iso',
      csv: { injection: 'escape', bom: false },
      ifUnchanged: 'download',
      maxAge: null,
      ifActive: 'join',
      credential: 'default',
      actAs: null,
      expect: [],
    },
  })
})

t.test('two requests are the same download whatever the order of formats and however they may start', async (t) => {
  const one = normalized({ spreadsheet: ID, formats: ['csv', 'json'] }).request
  const other = normalized({ spreadsheet: ID, formats: ['json', 'csv'], ifActive: 'start' }).request
  t.ok(isSameDownload(one, other))
  t.notOk(isSameDownload(one, normalized({ spreadsheet: ID, formats: ['json'] }).request))
  t.notOk(isSameDownload(one, normalized({ spreadsheet: ID, formats: ['csv', 'json'], headerRow: 2 }).request))
})

t.test('expectations come out as a list with every default, however they were written', async (t) => {
  const expect = { tab: 'Orders', types: { Price: ['number', 'integer', 'number'], Day: 'date' } } as const
  const full = {
    tab: 'Orders',
    columns: [],
    minRows: 0,
    minRowsRatio: null,
    types: { Price: ['integer', 'number'], Day: ['date'] },
    loading: 'fail',
  }
  const body = {
    spreadsheet: ID,
    expect: { ...expect, types: { Price: [...expect.types.Price], Day: 'date' as const } },
  }
  t.strictSame(normalized(body).request.expect, [full])
  t.strictSame(normalized({ ...body, expect: [body.expect] }).request, normalized(body).request)
  const same = { tab: 'Orders', types: { Day: 'date' as const, Price: ['integer' as const, 'number' as const] } }
  t.ok(isSameDownload(normalized(body).request, normalized({ ...body, expect: same }).request))
})

t.test('a request with other expectations is another download', async (t) => {
  const request = (expect?: SyncRequestInput['expect']) => normalized({ spreadsheet: ID, expect }).request
  t.ok(isSameDownload(request({ minRows: 1 }), request([{ minRows: 1 }])))
  for (const other of [undefined, {}, { minRows: 2 }, { minRows: 1, tab: 'A' }, [{ minRows: 1 }, { minRows: 1 }]]) {
    t.notOk(isSameDownload(request({ minRows: 1 }), request(other)), JSON.stringify(other))
  }
})

t.test('a tab that is expected must be among those to download, as far as their names tell', async (t) => {
  const faultsOf = (body: Partial<SyncRequestInput>) =>
    syncRequestBody.safeParse({ spreadsheet: ID, ...body }).error?.issues.map(({ path, message }) => [path, message])
  const message = 'is none of the tabs to download'
  t.strictSame(faultsOf({ tabs: ['A', 'B'], expect: [{ tab: 'b' }, { tab: 'C' }] }), [[['expect', 1, 'tab'], message]])
  t.strictSame(faultsOf({ tabs: [0, 5], expect: { tab: 6 } }), [[['expect', 'tab'], message]])
  const spreadsheet = `https://docs.google.com/spreadsheets/d/${ID}/edit#gid=5`
  t.strictSame(faultsOf({ spreadsheet, expect: { tab: 6 } }), [[['expect', 'tab'], message]])
  for (const body of [
    { expect: { tab: 'C' } },
    { tabs: ['A'], expect: { tab: 6 } },
    { tabs: [6], expect: { tab: 'A' } },
    { tabs: ['gid:6'], expect: { tab: 'A' } },
    { tabs: ['A'], expect: { tab: 'gid:6' } },
    { tabs: ['A', 6], expect: { tab: 'B' } },
    { ranges: ['A!A1:B2'], expect: { tab: 'C' } },
    { spreadsheet, expect: { tab: 5 } },
    { spreadsheet, tabs: [6], expect: { tab: 6 } },
  ]) {
    t.equal(faultsOf(body), undefined, JSON.stringify(body))
  }
})
