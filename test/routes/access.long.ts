import { execFileSync } from 'node:child_process'
import t from 'tap'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { ApiClient } from '../support/callers.ts'
import { aService, ROOT } from '../support/service.ts'

const ID = '1KeysOfTheTests-0123456789_abcdefghijklmnopq'
const _aBook = (rows: readonly number[] = [1]): Workbook => ({
  id: ID,
  title: 'Keys',
  tabs: [tabFromRows(0, 'A', [['A'], ...rows.map((row) => [row])])],
})

t.test('the script makes a key that works as it prints it', async (t) => {
  const run = (...names: string[]) =>
    execFileSync(process.execPath, ['scripts/api-key.ts', ...names], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' })
  const printed = run('web-app', 'read')
  const key = /^ {2}(ssk_[A-Za-z0-9_-]{43})$/m.exec(printed)?.[1] ?? ''
  const setting = /^ {2}API_KEYS=(\S+)$/m.exec(printed)?.[1] ?? ''
  t.notMatch(setting, key)
  const { url } = await aService(t, { API_KEYS: setting })
  t.equal(await new ApiClient(url, key).status('GET', '/syncs'), 200)
  t.equal(await new ApiClient(url, key).status('POST', '/syncs', { spreadsheet: ID }), 403)
  t.not(run('web-app'), run('web-app'), 'each is another')
  t.match(run('web-app'), /web-app:read\+write:/)
  const urls = ['1Bxi', 'https://docs.google.com/spreadsheets/d/2Cyj/edit#gid=0']
  t.match(run('web-app', 'read', ...urls), /web-app:read:[0-9a-f]{64}:1Bxi\+2Cyj$/m)
  for (const wrong of [['Web App'], ['a', 'everything'], [], ['a', 'read', 'no id']])
    t.throws(() => run(...wrong), /usage: npm run api-key/)
})
