import t from 'tap'
import { someKeys } from '../support/callers.ts'
import { ANN, anEmulatorOfPeople, aTokenKey, TokenClient } from '../support/own-tokens.ts'
import { aPageWorld, ORDERS, syncPane } from '../support/page-world.ts'
import { aService } from '../support/service.ts'
import { aWebPage, noChromium } from '../support/web-page.ts'

const skip = noChromium

t.test('a wrong key is refused, the right one opens the page; it is kept in this tab alone', { skip }, async (t) => {
  const { setting, keys } = someKeys({ both: ['read', 'write'] })
  const { url } = await aPageWorld(t, [ORDERS], { API_KEYS: setting })
  const page = await aWebPage(t, url)
  const requested: string[] = []
  page.on('request', (request) => requested.push(request.url()))
  await page.getByRole('heading', { name: 'API key' }).waitFor()
  await page.getByLabel('Key').fill('ssk_not-a-key')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  t.equal(await page.getByLabel('Key').getAttribute('aria-invalid'), 'true')
  await page.getByLabel('Key').fill(keys.both)
  await page.keyboard.press('Enter')
  await page.getByText('There is no sync yet.').waitFor()
  const kept = '[JSON.stringify(localStorage), document.cookie, location.href].join()'
  t.notMatch(await page.evaluate(kept), keys.both)
  t.notMatch(requested.join(), keys.both)
  await page.reload()
  await page.getByText('There is no sync yet.').waitFor()
  const other = await page.context().newPage()
  await other.goto(url)
  await other.getByRole('heading', { name: 'API key' }).waitFor()
  await page.getByRole('button', { name: 'Forget key' }).click()
  await page.getByRole('heading', { name: 'API key' }).waitFor()
  t.equal(await page.evaluate('sessionStorage.length'), 0)
})

t.test('a read-only key sees all views, and no button that it may not use', { skip }, async (t) => {
  const { setting, keys } = someKeys({ reader: ['read'], admin: ['read', 'write', 'admin'] })
  const { url, client } = await aPageWorld(t, [ORDERS], { API_KEYS: setting }, { key: keys.admin })
  const done = await client.sync({ spreadsheet: ORDERS.id })
  const asReader = await aWebPage(t, `${url}/?sync=${done.id}`)
  await asReader.getByLabel('Key').fill(keys.reader)
  await asReader.keyboard.press('Enter')
  // Another key's sync; this one is told that there is none.
  await asReader.getByText('This sync is not there any more').waitFor()
  const buttons = () =>
    asReader.getByRole('button', { name: /start|cancel|retry|delete|schedule|run now|pause|resume/i })
  t.same(await buttons().allTextContents(), ['cancelled'], 'the filter of that name alone')
  t.equal(await asReader.getByLabel('Spreadsheet URL or id').count(), 0)
  for (const view of ['Schedules', 'Health', 'Syncs']) {
    await asReader.getByRole('link', { name: view, exact: true }).click()
    await asReader.getByRole('heading', { level: 1, name: view }).waitFor()
    t.same(
      (await buttons().allTextContents()).filter((text) => text !== 'cancelled'),
      [],
      view,
    )
  }
})

t.test('Health tells a key with the scope admin how many syncs are kept in which state', { skip }, async (t) => {
  const { setting, keys } = someKeys({ admin: ['read', 'write', 'admin'] })
  const { url, client } = await aPageWorld(t, [ORDERS], { API_KEYS: setting }, { key: keys.admin })
  await client.sync({ spreadsheet: ORDERS.id })
  const page = await aWebPage(t, url)
  await page.getByLabel('Key').fill(keys.admin)
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'Health', exact: true }).click()
  await page.getByText('1 sync kept: 1 succeeded').waitFor()
})

t.test('a key that may not read is told so, and another one is asked for', { skip }, async (t) => {
  const { setting, keys } = someKeys({ writer: ['write'], reader: ['read'] })
  const { url } = await aPageWorld(t, [ORDERS], { API_KEYS: setting })
  const page = await aWebPage(t, url)
  await page.getByLabel('Key').fill(keys.writer)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'This key may not read' }).waitFor()
  await page.getByLabel('Key').fill(keys.reader)
  await page.keyboard.press('Enter')
  await page.getByText('There is no sync yet.').waitFor()
})

t.test('a sync that was made with an own token is not shown', { skip }, async (t) => {
  const google = await anEmulatorOfPeople(t)
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: google.rootUrl, TOKEN_KEY: aTokenKey() })
  const { access_token: token } = google.userToken({ email: ANN })
  const page = await aWebPage(t, url)
  await page.getByText('There is no sync yet.').waitFor()
  const own = await new TokenClient(url, undefined, token).syncBook()
  t.equal(own.state, 'succeeded')
  const shared = await new TokenClient(url, undefined, undefined).start({ spreadsheet: own.spreadsheet.id })
  await page.getByText('1 sync', { exact: true }).waitFor()
  t.equal(await page.locator(`[data-id="${own.id}"]`).count(), 0)
  t.equal(await page.locator(`[data-id="${shared.id}"]`).count(), 1)
  await page.goto(`${url}/?sync=${own.id}`)
  await syncPane(page).getByText('This sync is not there any more').waitFor()
})
