import t from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import { ApiClient } from '../support/callers.ts'
import { tasksOf } from '../support/long-tasks.ts'
import { anEmulator, aService } from '../support/service.ts'
import { accessFaults, aWebPage, noChromium } from '../support/web-page.ts'

const ID = '1Million-0123456789_abcdefghijklmnopqrstuvwxy'
const ROWS = 1_000_000

/** Milliseconds of processor time that one task of the page may take: longer ones are felt. */
const MOST_MS = 100

t.test('a million rows are scrolled smoothly, by wheel, by jump and by key', { skip: noChromium }, async (t) => {
  const emulator = await anEmulator(t, {
    workbooks: [
      { id: ID, title: 'M', tabs: [syntheticTab({ gid: 0, title: 'R', rows: ROWS + 1, columns: 8, kind: 'mixed' })] },
    ],
  })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const client = new ApiClient(url)
  t.match(await client.sync({ spreadsheet: ID, formats: ['ndjson'] }), { state: 'succeeded' })
  const page = await aWebPage(t, `${url}/?spreadsheet=${ID}&tab=gid:0`, { viewport: { width: 1440, height: 900 } })
  page.setDefaultTimeout(120_000)
  const grid = page.getByRole('grid')
  await page.getByText('1,000,000 rows').waitFor()
  await page.locator('#cell-0-0').filter({ hasText: /\d/ }).waitFor()
  t.same(await accessFaults(page), [])
  const last = page.locator(`#cell-${ROWS - 1}-7`)
  const { longestCpuMs, words } = await tasksOf(page, async () => {
    await grid.hover()
    for (let turns = 0; turns < 60; turns += 1) await page.mouse.wheel(0, 600)
    for (const share of [0.1, 0.5, 0.9, 0.3, 0.75]) {
      await page.evaluate(
        `{ const grid = document.querySelector('[role=grid]'); grid.scrollTop = (grid.scrollHeight - grid.clientHeight) * ${share} }`,
      )
      // What is in sight is read: nothing waits for what was passed.
      await page.locator('.cell-wait').first().waitFor({ state: 'detached' })
    }
    await grid.focus()
    for (const key of ['Control+End', 'PageUp', 'PageUp', 'Control+Home', 'PageDown', 'Control+End'])
      await page.keyboard.press(key)
    await last.filter({ hasText: /\d/ }).waitFor()
  })
  t.comment(words)
  t.ok(longestCpuMs <= MOST_MS, `${longestCpuMs} ms`)
  const sheet = `/spreadsheets/${ID}/tabs/gid:0/rows?offset=${ROWS - 1}&limit=1`
  const { rows } = await client.json<{ rows: Record<string, unknown>[] }>(sheet)
  t.equal(await last.textContent(), String(Object.values(rows[0] ?? {})[7]), 'the last row is the last one')
  const nodes = Number(await page.evaluate('document.querySelectorAll("*").length'))
  t.ok(nodes < 3000, `${nodes} elements`)
})
