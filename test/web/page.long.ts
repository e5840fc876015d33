import t from 'tap'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { anEmulator, aService } from '../support/service.ts'
import { accessFaults, aWebPage, noChromium } from '../support/web-page.ts'

const HOSTILE = '<img src=x onerror=alert(1)>'
const workbook: Workbook = {
  id: '1Page-0123456789_abcdefghijklmnopqrstuvwxyz0',
  title: HOSTILE,
  tabs: [tabFromRows(0, '<script>alert(2)</script>', [['A'], ['<b>x</b>']])],
}

t.test(
  'a URL and Enter start a sync, which is shown to its end, in whatever words its title has',
  { skip: noChromium },
  async (t) => {
    const emulator = await anEmulator(t, { workbooks: [workbook] })
    const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
    const page = await aWebPage(t, url)
    await page.getByText('There is no sync yet.').waitFor()
    t.same(await accessFaults(page), [])
    await page.getByLabel('Spreadsheet URL or id').fill(`https://docs.google.com/spreadsheets/d/${workbook.id}/edit`)
    await page.keyboard.press('Enter')
    const sync = page.getByRole('article', { name: 'Sync' })
    await sync.getByText('succeeded').waitFor()
    t.equal(await sync.getByRole('heading', { level: 2 }).textContent(), HOSTILE)
    await page.getByRole('row', { name: HOSTILE }).waitFor()
    await sync.getByRole('button', { name: /^1 columns/ }).click()
    await sync.getByText('text', { exact: true }).waitFor()
    t.same(await accessFaults(page), [])
  },
)

t.test(
  'by the keyboard alone: into the list, open, close, search; and 360 pixels are wide enough',
  { skip: noChromium },
  async (t) => {
    const emulator = await anEmulator(t, { workbooks: [workbook] })
    const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
    const page = await aWebPage(t, url, { viewport: { width: 360, height: 740 } })
    for (const spreadsheet of [workbook.id, '1Nobody-0123456789_abcdefghijklmnopqrstuvwxy']) {
      await fetch(`${url}/syncs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ spreadsheet }),
      })
    }
    await page.getByText('2 syncs').waitFor()
    for (const key of ['j', 'j', 'k', 'Enter']) await page.keyboard.press(key)
    await page.getByText('Google knows no such spreadsheet', { exact: true }).waitFor()
    t.same(await accessFaults(page), [])
    const widths = 'document.documentElement.scrollWidth'
    t.equal(await page.evaluate(widths), 360)
    await page.keyboard.press('Escape')
    await page.locator('[role=row]:focus').waitFor()
    await page.keyboard.press('/')
    t.equal(await page.evaluate('document.activeElement.id'), 'search')
    t.equal(await page.evaluate(widths), 360)
    t.same(await accessFaults(page), [])
  },
)

for (const colorScheme of ['light', 'dark'] as const) {
  t.test(
    `axe-core finds nothing in ${colorScheme}: options at fault, a filter, a failure, dialogs`,
    { skip: noChromium },
    async (t) => {
      const emulator = await anEmulator(t, { workbooks: [workbook] })
      const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
      const page = await aWebPage(t, url, { colorScheme })
      await page.getByRole('button', { name: 'Options' }).click()
      await page.getByLabel('maxAge').fill('soon')
      await page.getByRole('button', { name: 'Start sync' }).click()
      await page.getByText('must be a duration').waitFor()
      await page.getByText('More filters').click()
      t.same(await accessFaults(page), [])
      await page.getByLabel('maxAge').fill('')
      await page.getByLabel('Spreadsheet URL or id').fill('1Nobody-0123456789_abcdefghijklmnopqrstuvwxy')
      await page.keyboard.press('Enter')
      const sync = page.getByRole('article', { name: 'Sync' })
      await sync.getByText('failed').waitFor()
      await sync.getByText('SHEET_NOT_FOUND', { exact: true }).first().click()
      t.same(await accessFaults(page), [])
      await page.getByRole('button', { name: 'Retry all' }).click()
      await page.getByRole('button', { name: 'Retry 1 sync' }).waitFor()
      t.same(await accessFaults(page), [])
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Delete' }).click()
      t.same(await accessFaults(page), [])
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
      await page.getByText('There is no sync yet.').waitFor()
    },
  )
}
