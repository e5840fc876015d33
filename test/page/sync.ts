import t from 'tap'
import type { SyncView } from '../../src/model/sync-view.ts'
import { aPageWorld, bookId, bytesOf, held, ORDERS, paste, syncPane } from '../support/page-world.ts'
import { aWebPage, noChromium } from '../support/web-page.ts'

const skip = noChromium

t.test('a pasted URL and Enter start a sync, which is watched to its end', { skip }, async (t) => {
  const { url, google } = await aPageWorld(t)
  const calls = held(google, ORDERS)
  const page = await aWebPage(t, url)
  await paste(page, ORDERS)
  const sync = syncPane(page)
  await calls.isHeld
  await sync.getByText('running', { exact: true }).waitFor()
  await sync.getByRole('progressbar', { name: 'Progress' }).waitFor()
  calls.release()
  await sync.getByText('succeeded', { exact: true }).waitFor()
  t.equal(await sync.getByRole('heading', { level: 2 }).textContent(), 'Orders 2026')
  // Its header rows are counted too.
  await page.getByRole('row', { name: /^succeeded Orders 2026 244 / }).waitFor()
  t.equal(await sync.getByRole('progressbar').count(), 0)
  t.match(await page.title(), /^succeeded: Orders 2026/)
})

t.test('each format that is saved has the bytes that the API answers with', { skip }, async (t) => {
  const { url, client } = await aPageWorld(t)
  const page = await aWebPage(t, url)
  await page.getByRole('button', { name: 'Options' }).click()
  for (const format of ['ndjson', 'csv', 'parquet']) await page.getByLabel(format, { exact: true }).check()
  await paste(page, ORDERS)
  const pane = syncPane(page)
  await pane.getByText('succeeded', { exact: true }).waitFor()
  const id = new URL(page.url()).searchParams.get('sync')
  const { tabs } = await client.json<SyncView>(`/syncs/${id}`)
  const files = tabs.flatMap((tab) => tab.files)
  t.equal(files.length, 8)
  for (const { name, href, bytes } of files) {
    const saved = await bytesOf(page, () => pane.getByTitle(name, { exact: true }).click())
    const answer = Buffer.from(await (await client.send('GET', href)).arrayBuffer())
    t.equal(saved.length, bytes, name)
    t.ok(saved.equals(answer), `${name} is what the API answers`)
  }
})

t.test('a failure shows how to mend it first, and the raw problem behind a fold', { skip }, async (t) => {
  const { url, google } = await aPageWorld(t)
  google.setAccess(ORDERS.id, 'forbidden')
  const page = await aWebPage(t, url)
  await paste(page, ORDERS)
  const notice = syncPane(page).locator('.notice')
  await notice.waitFor()
  const lines = notice.locator(':scope > :is(h3, p, details)')
  t.match(await lines.nth(1).textContent(), /[Ss]hare the spreadsheet/)
  const raw = notice.getByLabel('The problem as JSON')
  t.notOk(await raw.isVisible())
  await notice.getByText('SHEET_FORBIDDEN', { exact: true }).click()
  t.match(JSON.parse((await raw.textContent()) ?? ''), { code: 'SHEET_FORBIDDEN', status: 403 })
})

t.test('a sync is cancelled, and retried under a new id', { skip }, async (t) => {
  const { url, google } = await aPageWorld(t)
  const calls = held(google, ORDERS)
  const page = await aWebPage(t, url)
  await paste(page, ORDERS)
  await calls.isHeld
  const sync = syncPane(page)
  await sync.getByRole('button', { name: 'Cancel' }).click()
  await sync.getByText('cancelled', { exact: true }).waitFor()
  t.equal(await sync.getByRole('button', { name: 'Cancel' }).count(), 0)
  const first = new URL(page.url()).searchParams.get('sync')
  calls.release()
  await sync.getByRole('button', { name: 'Retry' }).click()
  await sync.getByText('succeeded', { exact: true }).waitFor()
  t.not(new URL(page.url()).searchParams.get('sync'), first)
  await sync.getByRole('link', { name: first ?? '' }).click()
  await sync.getByText('cancelled', { exact: true }).waitFor()
})

t.test('what a filter shows is retried, after it was counted and confirmed, and nothing else', { skip }, async (t) => {
  const books = ['One', 'Two', 'Three'].map((name) => ({ ...ORDERS, id: bookId(name), title: `Book ${name}` }))
  const { url, google, client } = await aPageWorld(t, books)
  for (const { id } of books) google.setAccess(id, 'forbidden')
  for (const { id, title } of books)
    await client.sync({ spreadsheet: id, labels: { team: title === 'Book Three' ? 'plant' : 'sales' } })
  for (const { id } of books) google.setAccess(id, 'ok')
  const page = await aWebPage(t, `${url}/?state=failed&label=team%3Dsales`)
  await page.getByText('2 syncs').waitFor()
  await page.getByRole('button', { name: 'Retry all' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('2 syncs match state: failed, label: team=sales.').waitFor()
  t.equal(
    (await client.json<{ syncs: SyncView[] }>('/syncs')).syncs.length,
    3,
    'nothing is done before it is confirmed',
  )
  await dialog.getByRole('button', { name: 'Retry 2 syncs' }).click()
  await dialog.getByText('Retried 2 of 2.').waitFor()
  await dialog.getByRole('button', { name: 'Close' }).click()
  await page.goto(`${url}/?state=succeeded`)
  await page.getByText('2 syncs').waitFor()
  t.equal(await page.getByRole('row', { name: /Book Three/ }).count(), 0)
})

t.test('filters stand in the address, and whoever is sent it sees the same', { skip }, async (t) => {
  const { url, google, client } = await aPageWorld(t)
  google.setAccess(ORDERS.id, 'forbidden')
  await client.sync({ spreadsheet: ORDERS.id, labels: { team: 'sales' } })
  google.setAccess(ORDERS.id, 'ok')
  await client.sync({ spreadsheet: ORDERS.id, labels: { team: 'sales', note: 'nightly' } })
  await client.sync({ spreadsheet: ORDERS.id })
  const page = await aWebPage(t, url)
  await page.getByText('3 syncs').waitFor()
  await page.getByLabel('Search title, id or label').fill('NIGHT')
  await page.getByText('1 sync', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'succeeded' }).click()
  await page.getByText('More filters').click()
  await page.getByLabel('Label', { exact: true }).fill('team=sales')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Remove the filter label team=sales' }).waitFor()
  const other = await page.context().newPage()
  await other.goto(page.url())
  await other.getByText('1 sync', { exact: true }).waitFor()
  await other.getByRole('button', { name: 'Remove the filter label team=sales' }).waitFor()
  t.equal(await other.getByLabel('Search title, id or label').inputValue(), 'NIGHT')
  t.equal(await other.getByRole('button', { name: 'succeeded' }).getAttribute('aria-pressed'), 'true')
  await page.goBack()
  await page.getByRole('button', { name: /Remove the filter/ }).waitFor({ state: 'detached' })
})
