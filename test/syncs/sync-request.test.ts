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
  ]
  for (const name of names) t.match(parseSpreadsheetReference(name), { id: ID }, name)
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
      ifActive: 'join',
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
