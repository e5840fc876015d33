import t, { type Test } from 'tap'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { anEmulator, aService } from '../support/service.ts'
import { accessFaults, aWebPage, noChromium } from '../support/web-page.ts'

const SCRIPT = '<img src=x onerror=alert(1)><script>alert(2)</script>'
const skip = noChromium
const ID = '1Rows-0123456789_abcdefghijklmnopqrstuvwxyz0'

function aWorkbook(edited = false): Workbook {
  const rows = Array.from({ length: 600 }, (_, row) => [row, row % 3 === 0 ? SCRIPT : `name ${row % 7}`, row * 1.5])
  if (edited) {
    rows.splice(5, 1)
    rows[10] = [11, 'renamed', 16.5]
    rows.push([9000, 'new', 1])
  }
  return {
    id: ID,
    title: SCRIPT,
    tabs: [tabFromRows(0, `A ${SCRIPT}`, [['Id', SCRIPT, 'Price'], ...rows]), tabFromRows(1, 'Empty', [['A']])],
  }
}

async function aServiceWithRows(t: Test) {
  const emulator = await anEmulator(t, { workbooks: [aWorkbook()] })
  const service = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, SCHEDULE_EVERY_MIN: '1s' })
  const client = new ApiClient(service.url)
  await client.sync({ spreadsheet: ID, formats: ['json', 'csv'] })
  return { ...service, emulator, client }
}

t.test('rows are sorted and filtered by the service, and whatever they hold is text', { skip }, async (t) => {
  const { url } = await aServiceWithRows(t)
  const page = await aWebPage(t, `${url}/?spreadsheet=${ID}&tab=`)
  const grid = page.getByRole('grid')
  const cell = (name: string) => grid.getByRole('gridcell', { name, exact: true })
  await page.getByText('600 rows').waitFor()
  t.equal(await page.getByRole('heading', { level: 1 }).textContent(), SCRIPT)
  await cell(SCRIPT).first().waitFor()
  t.same(await accessFaults(page), [])
  await grid.getByRole('button', { name: 'Price', exact: true }).click()
  await grid.getByRole('button', { name: 'Price', exact: true }).click()
  await cell('898.5').waitFor()
  t.equal(await grid.getByRole('columnheader', { name: /Price/ }).getAttribute('aria-sort'), 'descending')
  await page.getByRole('button', { name: 'Filter …' }).click()
  await page.getByLabel('Column').selectOption(SCRIPT)
  await page.getByLabel('Value').fill('<SCRIPT>')
  t.same(await accessFaults(page), [])
  await page.keyboard.press('Enter')
  await page.getByText('200 of 600 rows').waitFor()
  t.match(new URL(page.url()).searchParams.get('order'), '"Price" desc')
  await page.reload()
  await page.getByText('200 of 600 rows').waitFor()
  await page.getByRole('button', { name: /^Remove: <img/ }).click()
  await page.getByText('600 rows', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'Empty' }).click()
  await page.getByText('This tab has no rows.').waitFor()
})

t.test('the keyboard leads through the table to its last row, sorts, and shows a cell whole', { skip }, async (t) => {
  const { url } = await aServiceWithRows(t)
  const page = await aWebPage(t, `${url}/?spreadsheet=${ID}&tab=gid:0`, { viewport: { width: 360, height: 740 } })
  const grid = page.getByRole('grid')
  await grid.getByRole('gridcell', { name: 'name 1', exact: true }).first().waitFor()
  t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360)
  await grid.focus()
  for (const key of ['Control+End', 'ArrowLeft']) await page.keyboard.press(key)
  await page.locator('#cell-599-1[data-active=true]').getByText('name 4').waitFor()
  t.equal(await grid.getAttribute('aria-activedescendant'), 'cell-599-1')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByText('name 4').waitFor()
  t.same(await accessFaults(page), [])
  await page.keyboard.press('Escape')
  for (const key of ['Control+Home', 'ArrowUp', 'Enter', 'Enter']) await page.keyboard.press(key)
  await page.locator('#cell-0-0').getByText('599').waitFor()
  t.equal(await grid.getAttribute('aria-activedescendant'), 'cell--1-0', 'the keyboard is still on the header')
  await page.keyboard.press('f')
  await page.getByRole('dialog').getByText('Filter rows').waitFor()
})

t.test('SQL is answered, and what is wrong with it is shown at its place', { skip }, async (t) => {
  const { url } = await aServiceWithRows(t)
  const page = await aWebPage(t, `${url}/?spreadsheet=${ID}&tab=gid:0&show=sql`)
  const sql = page.getByLabel('SQL', { exact: true })
  await sql.fill('SELECT "Id",\n  Pirce FROM "A <img src=x onerror=alert(1)><script>alert(2)</script>"')
  await page.keyboard.press('Control+Enter')
  await page.getByText('(line 2, column 3)').first().waitFor()
  t.same(await page.evaluate('[document.activeElement.id, getSelection().toString()]'), ['sql', 'P'])
  t.same(await accessFaults(page), [])
  await sql.fill(`SELECT count(*) AS rows, sum("Price") AS total FROM "A ${SCRIPT}"`)
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByRole('gridcell', { name: '269550' }).waitFor()
  t.match(new URL(page.url()).searchParams.get('sql'), /^SELECT count/)
  t.same(await accessFaults(page), [])
  const file = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download the answer as csv' }).click()
  t.equal((await file).suggestedFilename(), 'query.csv')
})

t.test('what has changed since an earlier snapshot is told by word and sign', { skip }, async (t) => {
  const { url, emulator, client } = await aServiceWithRows(t)
  const page = await aWebPage(t, `${url}/?spreadsheet=${ID}&tab=gid:0&show=changes`)
  await page.getByText('There is no earlier snapshot to compare with.').waitFor()
  emulator.addWorkbook(aWorkbook(true))
  await client.sync({ spreadsheet: ID, formats: ['json', 'csv'] })
  await page.reload()
  await page.getByLabel('rows told apart by').selectOption('Id')
  await page.getByText('1 row added, 1 removed, 1 changed').waitFor()
  for (const name of ['+ added', '− removed', '± changed'])
    await page.getByRole('gridcell', { name, exact: true }).waitFor()
  await page.getByRole('gridcell', { name: /name 4.*renamed/ }).waitFor()
  t.same(await accessFaults(page), [])
})

t.test('a file is saved with the key that a link cannot bear', { skip }, async (t) => {
  const emulator = await anEmulator(t, { workbooks: [aWorkbook()] })
  const { setting, keys } = someKeys({ reader: ['read', 'write'] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, API_KEYS: setting })
  const client = new ApiClient(url, keys.reader)
  await client.sync({ spreadsheet: ID, formats: ['ndjson', 'csv'] })
  const page = await aWebPage(t, `${url}/?spreadsheet=${ID}&tab=gid:0`)
  await page.getByLabel('Key').fill(keys.reader)
  await page.keyboard.press('Enter')
  await page.getByText('600 rows').waitFor()
  for (const format of ['json', 'ndjson', 'csv']) {
    const saved = page.waitForEvent('download')
    await page.getByRole('link', { name: format, exact: true }).click()
    const stream = await (await saved).createReadStream()
    const bytes = Buffer.concat(await stream.toArray())
    const answer = await client.send('GET', `/spreadsheets/${ID}/tabs/gid:0?format=${format}`)
    t.ok(bytes.equals(Buffer.from(await answer.arrayBuffer())), format)
  }
})

t.test('a schedule is made, run, paused and deleted, and its runs are shown', { skip }, async (t) => {
  const { url, client } = await aServiceWithRows(t)
  const page = await aWebPage(t, `${url}/?view=schedules`)
  await page.getByText('There is no schedule yet.').waitFor()
  await page.getByRole('button', { name: 'New schedule …' }).click()
  await page.getByLabel('Every', { exact: true }).fill('often')
  await page.getByRole('button', { name: 'Create schedule' }).click()
  await page.getByText('name must not be empty').waitFor()
  t.same(await accessFaults(page), [])
  await page.getByLabel('Name').fill(SCRIPT)
  await page.getByLabel('Spreadsheet', { exact: true }).fill(ID)
  await page.getByLabel('Every', { exact: true }).fill('1h')
  await page.keyboard.press('Enter')
  const pane = page.getByRole('article', { name: 'Schedule' })
  t.equal(await pane.getByRole('heading', { level: 2 }).textContent(), SCRIPT)
  await pane.getByText('It has not run yet').waitFor()
  await pane.getByRole('button', { name: 'Run now' }).click()
  await pane.getByRole('listitem').first().waitFor()
  await pane.getByRole('row', { name: /succeeded/ }).waitFor()
  await pane.getByRole('button', { name: 'Pause' }).click()
  await pane.getByText('Somebody paused it', { exact: true }).waitFor()
  t.same(await accessFaults(page), [])
  await pane.getByRole('button', { name: 'Resume' }).click()
  await pane.getByText('active', { exact: true }).waitFor()
  await pane.getByRole('button', { name: 'Delete …' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByText('There is no schedule yet.').waitFor()
  t.same((await client.json<{ schedules: unknown[] }>('/schedules')).schedules, [])
})

t.test('health is shown; nothing that a read-only key cannot do is a button', { skip }, async (t) => {
  const { url } = await aServiceWithRows(t)
  const page = await aWebPage(t, `${url}/?view=health`)
  await page.getByText('answers this page').waitFor()
  await page.getByRole('meter', { name: 'Reads of default' }).waitFor()
  t.same(await accessFaults(page), [])
  const { setting, keys } = someKeys({ reader: ['read'] })
  const keyed = await aService(t, { API_KEYS: setting })
  const read = await aWebPage(t, `${keyed.url}/?view=schedules`)
  await read.getByLabel('Key').fill(keys.reader)
  await read.keyboard.press('Enter')
  await read.getByText('This key may look at schedules, and make none.').waitFor()
  t.equal(await read.getByRole('button', { name: /schedule/ }).count(), 0)
  await read.getByRole('link', { name: 'Health' }).click()
  await read.getByText('Only a key with the scope admin is told of them.').waitFor()
})

t.test('a service that goes away is told of, and what was shown stays', { skip }, async (t) => {
  const { url } = await aServiceWithRows(t)
  const page = await aWebPage(t, `${url}/?view=schedules`)
  await page.getByText('There is no schedule yet.').waitFor()
  await page.context().setOffline(true)
  await page.getByText('The service does not answer').first().waitFor()
  t.ok(await page.getByText('There is no schedule yet.').isVisible())
  await page.context().setOffline(false)
  await page.getByText('The service does not answer').waitFor({ state: 'detached' })
})
