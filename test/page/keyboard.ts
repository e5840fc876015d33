import type { Page } from 'playwright-core'
import t from 'tap'
import { aPageWorld, held, ORDERS, syncPane, urlOf } from '../support/page-world.ts'
import { accessFaults, aWebPage, noChromium } from '../support/web-page.ts'

/** Presses Tab until what has the focus is named so. */
async function tabTo(page: Page, name: string, key = 'Tab'): Promise<void> {
  const seen: string[] = []
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press(key)
    const focused = (await page.evaluate(
      `(({ activeElement: at }) => at.getAttribute('aria-label') ?? at.labels?.[0]?.querySelector('span')?.textContent ?? at.textContent)(document).trim().replace(/\\s+/g, ' ')`,
    )) as string
    if (focused === name) return
    seen.push(focused)
  }
  throw new Error(`${key} does not lead to ${name}, but to ${seen.join(', ')}`)
}

t.test(
  'all of it can be done without a mouse: start, watch, cancel, retry, close, filter, rows, save',
  { skip: noChromium, timeout: 180_000 },
  async (t) => {
    const { url, google } = await aPageWorld(t)
    const calls = held(google, ORDERS)
    const page = await aWebPage(t, url)
    await page.getByText('There is no sync yet.').waitFor()
    await page.keyboard.press('Tab')
    t.equal(await page.evaluate('document.activeElement.textContent'), 'To the content')
    await tabTo(page, 'Spreadsheet URL or id')
    await page.keyboard.insertText(urlOf(ORDERS))
    await page.keyboard.press('Enter')
    const sync = syncPane(page)
    await calls.isHeld
    await sync.getByRole('button', { name: 'Cancel' }).waitFor()
    await tabTo(page, 'Cancel')
    await page.keyboard.press('Enter')
    await sync.getByText('cancelled', { exact: true }).waitFor()
    calls.release()
    t.not(await page.evaluate('document.activeElement.tagName'), 'BODY', 'the focus stays where it was pressed')
    await tabTo(page, 'Retry')
    await page.keyboard.press('Enter')
    await sync.getByText('succeeded', { exact: true }).waitFor()
    t.not(await page.evaluate('document.activeElement.tagName'), 'BODY', 'the focus stays in the sync that was started')
    await page.keyboard.press('Escape')
    await sync.waitFor({ state: 'detached' })
    await page.locator('[role=row]:focus').waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await sync.getByText('cancelled', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('/')
    await page.keyboard.type('orders')
    await page.waitForURL(/q=orders/)
    await tabTo(page, 'succeeded')
    await page.keyboard.press('Space')
    await page.getByText('1 sync', { exact: true }).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await sync.getByText('succeeded', { exact: true }).waitFor()
    await tabTo(page, 'Rows')
    await page.keyboard.press('Enter')
    const grid = page.getByRole('grid')
    await grid.getByRole('gridcell', { name: 'Customer 3' }).first().waitFor()
    await tabTo(page, 'Rows of Orders')
    for (const key of ['ArrowUp', 'ArrowRight', 'ArrowRight', 'Enter', 'Enter']) await page.keyboard.press(key)
    await page.locator('#cell-0-2').getByText('358.5').waitFor()
    await page.keyboard.press('f')
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    t.same(await accessFaults(page), [])
    await tabTo(page, 'Value')
    await page.keyboard.type('358.5')
    await page.keyboard.press('Enter')
    await page.getByText('1 of 240 rows').waitFor()
    t.equal(await page.evaluate('document.activeElement.getAttribute("role")'), 'grid', 'the focus is back')
    const saved = page.waitForEvent('download')
    await tabTo(page, 'json', 'Shift+Tab')
    await page.keyboard.press('Enter')
    await saved
  },
)
