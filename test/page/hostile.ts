import t from 'tap'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { aPageWorld, bookId, syncPane } from '../support/page-world.ts'
import { aWebPage, noChromium } from '../support/web-page.ts'

const IMAGE = '<img src=x onerror=alert(1)>'
const SCRIPT = '</script><script>alert(2)</script>'
const BOOK: Workbook = {
  id: bookId('Hostile'),
  title: IMAGE,
  tabs: [tabFromRows(0, SCRIPT, [[IMAGE, 'n'], ...Array.from({ length: 30 }, (_, n) => [SCRIPT, n])])],
}

// What must not happen, aWebPage watches for: a dialog, a request to elsewhere, a breach of the policy.
t.test(
  'titles, tab names, cells, labels and errors that hold HTML are shown as text',
  { skip: noChromium },
  async (t) => {
    const { url, google, client } = await aPageWorld(t, [BOOK])
    const labels = { note: IMAGE }
    const done = await client.sync({ spreadsheet: BOOK.id, labels, formats: ['json', 'csv'] })
    google.fail({
      on: { times: 'always' },
      do: { status: 400, body: JSON.stringify({ error: { code: 400, message: SCRIPT, status: 'INVALID_ARGUMENT' } }) },
    })
    const failed = await client.sync({ spreadsheet: BOOK.id, labels, tabs: [SCRIPT] })
    const page = await aWebPage(t, url)
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await page.getByRole('row', { name: IMAGE }).first().waitFor()
    await page.goto(`${url}/?sync=${done.id}`)
    const sync = syncPane(page)
    t.equal(await sync.getByRole('heading', { level: 2 }).textContent(), IMAGE)
    await sync.getByRole('link', { name: SCRIPT, exact: true }).waitFor()
    await sync.getByRole('button', { name: /2 columns/ }).click()
    await sync.getByRole('listitem').filter({ hasText: IMAGE }).waitFor()
    await page.goto(`${url}/?sync=${failed.id}`)
    await sync.getByText(SCRIPT).first().waitFor()
    await sync.locator('.notice summary').click()
    await page.goto(
      `${url}/?q=${encodeURIComponent(IMAGE)}&label=${encodeURIComponent(`note=${IMAGE}`)}&code=${encodeURIComponent(SCRIPT)}`,
    )
    await page.getByRole('button', { name: `Remove the filter code ${SCRIPT}` }).waitFor()
    await page.goto(`${url}/?spreadsheet=${BOOK.id}&tab=gid:0`)
    await page.getByRole('gridcell', { name: SCRIPT, exact: true }).first().waitFor()
    await page.goto(`${url}/?spreadsheet=${BOOK.id}&tab=${encodeURIComponent(IMAGE)}`)
    await page.getByText(`There are no rows of a tab ${JSON.stringify(IMAGE)}`).waitFor()
    t.same(
      asked.filter((path) => path === '/x'),
      [],
    )
    t.equal(await page.evaluate('document.querySelectorAll("img[src=x], [onerror]").length'), 0)
  },
)
