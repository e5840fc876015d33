import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { anEmulator, aService, finished, pollUntil, startSync } from '../support/service.ts'

const ID = '1TabNames-0123456789_abcdefghijklmnopqrstuvw'
const COMPOSED = 'Caf\u00e9'
const DECOMPOSED = 'Cafe\u0301'

function workbook(first: string) {
  const tabs = [tabFromRows(0, first, [['A'], [1]]), tabFromRows(5, COMPOSED, [['B'], [2]])]
  return { id: ID, title: 'Book', tabs }
}

t.test('POST and GET find a tab by one rule, whatever its case and however its accents are composed', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook('First')] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  for (const selector of ['first', 'First', DECOMPOSED, 'CAF\u00c9', 'gid:5']) {
    const { id } = await startSync(url, { spreadsheet: ID, tabs: [selector] })
    const sync = await pollUntil(url, id, finished)
    t.match(sync, { state: 'succeeded', tabs: { length: 1 } }, `POST ${selector}`)
    const answer = await fetch(`${url}/spreadsheets/${ID}/tabs/${encodeURIComponent(selector)}`)
    t.equal(answer.status, 200, `GET ${selector}`)
    t.strictSame(await answer.json(), sync.tabs[0]?.gid === 0 ? [{ A: 1 }] : [{ B: 2 }])
  }
  t.equal((await fetch(`${url}/spreadsheets/${ID}/tabs/${encodeURIComponent('First ')}`)).status, 404)
})

t.test('the old title of a tab that was renamed is answered 404 with the new one, never with old rows', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook('Old')] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const download = async () => {
    const { id } = await startSync(url, { spreadsheet: ID })
    return pollUntil(url, id, finished)
  }
  await download()
  t.equal((await fetch(`${url}/spreadsheets/${ID}/tabs/Old`)).status, 200)
  emulator.addWorkbook(workbook('New'))
  t.match(await download(), { state: 'succeeded' })
  const gone = await fetch(`${url}/spreadsheets/${ID}/tabs/Old`)
  t.equal(gone.status, 404)
  t.match(await gone.json(), { code: 'TAB_NOT_FOUND', hint: /^There are "New" \(gid:0\)/ })
  for (const tab of ['New', 'new', 'gid:0']) {
    t.equal((await fetch(`${url}/spreadsheets/${ID}/tabs/${tab}`)).status, 200, tab)
  }
})

t.test('the range of a tab that a URL points at is what is downloaded', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook('First')] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const spreadsheet = `https://docs.google.com/spreadsheets/d/${ID}/edit?gid=5#gid=5&range=A1:A2`
  const { id } = await startSync(url, { spreadsheet })
  t.match(await pollUntil(url, id, finished), { state: 'succeeded', tabs: [{ gid: 5, title: COMPOSED, rows: 1 }] })
  const asked = emulator.calls.flatMap(({ query }) => query.getAll('ranges'))
  t.strictSame([...new Set(asked)], [`'${COMPOSED}'!A1:A2`])
  const refused = await fetch(`${url}/syncs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ spreadsheet: `https://docs.google.com/spreadsheets/d/${ID}/edit#gid=5x` }),
  })
  t.equal(refused.status, 400)
  t.match(await refused.json(), { errors: [{ field: 'spreadsheet', message: /"5x"/, hint: String }] })
  const listed = await fetch(`${url}/syncs?spreadsheet=${encodeURIComponent(spreadsheet)}`)
  t.match(await listed.json(), { syncs: { length: 1 } }, 'a list asks for the spreadsheet only')
})
