import t from 'tap'
import { syntheticWorkbook } from '../../emulator/workbook.ts'
import { aPageWorld, bookId, held, ORDERS, paste, syncPane } from '../support/page-world.ts'
import { aWebPage, noChromium } from '../support/web-page.ts'

const skip = noChromium
const LARGE = syntheticWorkbook({ id: bookId('Large'), title: 'Large', rows: 60_000, columns: 10 })

t.test('a page that is loaded anew in mid-sync shows where it is, and goes on', { skip }, async (t) => {
  const { url, google } = await aPageWorld(t)
  const calls = held(google, ORDERS)
  const page = await aWebPage(t, url)
  await paste(page, ORDERS)
  await calls.isHeld
  const sync = syncPane(page)
  await sync.getByText('running', { exact: true }).waitFor()
  await page.reload()
  await sync.getByText('running', { exact: true }).waitFor()
  calls.release()
  await sync.getByText('succeeded', { exact: true }).waitFor()
})

t.test(
  'a service that is killed in mid-sync is told of, and once it is back the page recovers by itself',
  { skip, timeout: 120_000 },
  async (t) => {
    const { url, google, kill, restart } = await aPageWorld(t, [LARGE])
    const calls = held(google, LARGE, 3)
    const page = await aWebPage(t, url)
    await paste(page, LARGE)
    await calls.isHeld
    const sync = syncPane(page)
    await sync.getByText('running', { exact: true }).waitFor()
    const loads: string[] = []
    page.on('load', () => loads.push(page.url()))
    await kill()
    await page.getByText('The service does not answer').waitFor()
    t.ok(await sync.getByText('running', { exact: true }).isVisible(), 'what was known stays')
    calls.release()
    await restart()
    await page.getByText('The service does not answer').waitFor({ state: 'detached' })
    await sync.getByText('succeeded', { exact: true }).waitFor({ timeout: 90_000 })
    await page.getByRole('row', { name: /succeeded\s+Large/ }).waitFor()
    await page.locator('.feed[data-feed=live]').waitFor()
    t.same(loads, [], 'it was not loaded anew')
  },
)

t.test('a page that is opened while the service is away comes alive with it', { skip }, async (t) => {
  const { url, client, kill, restart } = await aPageWorld(t)
  await client.sync({ spreadsheet: ORDERS.id })
  const page = await aWebPage(t, url)
  await page.getByText('1 sync', { exact: true }).waitFor()
  await page.route('**/me', (route) => route.abort())
  await page.reload()
  await page.getByText('The service does not answer').waitFor()
  await kill()
  await restart()
  await page.unroute('**/me')
  await page.getByText('1 sync', { exact: true }).waitFor()
})

t.test('where there is no room for one more stream the list is polled, until there is', { skip }, async (t) => {
  const { url, client } = await aPageWorld(t, [ORDERS], { MAX_STREAMS_PER_KEY: '1' })
  const other = new AbortController()
  await fetch(`${url}/syncs/events`, { signal: other.signal })
  const page = await aWebPage(t, url)
  await page.locator('.feed[data-feed=polling]').waitFor()
  await client.start({ spreadsheet: ORDERS.id })
  await page.getByText('1 sync', { exact: true }).waitFor()
  other.abort()
  await page.locator('.feed[data-feed=live]').waitFor()
})
