import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { anEmulator, aService } from '../support/service.ts'

const BOOK = '1Erasure-0123456789_abcdefghijklmnopqrstuvwx'
const OTHER = '1Another-0123456789_abcdefghijklmnopqrstuvwx'
/** Its rows are more than a kilobyte. */
const BIG = '1Big----0123456789_abcdefghijklmnopqrstuvwxy'
const WORKBOOKS = [BOOK, OTHER, BIG].map((id) => ({
  id,
  title: id,
  tabs: [tabFromRows(0, 'A', [['A'], [id === BIG ? 'x'.repeat(1000) : 1]])],
}))

t.test(
  'once too much is kept no sync is started, the rows there are still answered, and room can be made',
  async (t) => {
    const emulator = await anEmulator(t, { workbooks: WORKBOOKS })
    const { setting, keys } = someKeys({ one: ['read', 'write'], two: ['read', 'write'] })
    const { url } = await aService(t, {
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
      API_KEYS: setting,
      MAX_SNAPSHOTS_PER_KEY: '1',
    })
    const [one, two] = [new ApiClient(url, keys.one), new ApiClient(url, keys.two)]
    await one.sync({ spreadsheet: BOOK })
    const headers = { 'idempotency-key': 'one' }
    const refused = await one.send('POST', '/syncs', { spreadsheet: OTHER }, headers)
    t.match(await refused.json(), { status: 507, code: 'SNAPSHOTS_FULL', hint: /MAX_SNAPSHOTS_PER_KEY/ })
    t.equal(await one.status('GET', `/spreadsheets/${BOOK}/tabs/A`), 200)
    t.equal((await two.sync({ spreadsheet: BOOK })).state, 'succeeded', 'another key has its own room')
    t.equal(await one.status('DELETE', `/spreadsheets/${BOOK}`), 204)
    t.equal((await one.send('POST', '/syncs', { spreadsheet: OTHER }, headers)).status, 202, 'its key was not used up')
  },
)
