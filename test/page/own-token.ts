import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { someEntries } from '../support/callers.ts'
import { ANN, anEmulatorOfPeople, aTokenKey, BOOK } from '../support/own-tokens.ts'
import { syncPane } from '../support/page-world.ts'
import { aDirectory, aService } from '../support/service.ts'
import { accessFaults, aWebPage, noChromium } from '../support/web-page.ts'

const skip = noChromium
const FIELD = 'X-Google-Access-Token'

t.test('a user’s own token reads and shows what it has read, and is gone with the page', { skip }, async (t) => {
  const google = await anEmulatorOfPeople(t)
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: google.rootUrl, TOKEN_KEY: aTokenKey() })
  const { access_token: token } = google.userToken({ email: ANN })
  const page = await aWebPage(t, url)
  const requested: string[] = []
  page.on('request', (request) => requested.push(`${request.url()} ${request.postData() ?? ''}`))
  await page.getByText('There is no sync yet.').waitFor()
  await page.getByRole('button', { name: 'Options' }).click()
  const field = page.getByLabel(FIELD)
  t.equal(await field.getAttribute('type'), 'password')
  await field.fill(token)
  await page.getByLabel('Spreadsheet URL or id').fill(BOOK)
  await page.keyboard.press('Enter')
  await syncPane(page).getByText('succeeded', { exact: true }).waitFor()
  await page.getByText('1 sync', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Options' }).click()
  const command = await page.getByLabel('The same as a command').textContent()
  t.match(command, `-H "${FIELD}: $GOOGLE_TOKEN"`)
  const saved = page.waitForEvent('download')
  await syncPane(page).getByRole('link', { name: 'json', exact: true }).click()
  t.equal((await saved).suggestedFilename(), 'people-0.json')
  const kept = '[JSON.stringify([{ ...localStorage }, { ...sessionStorage }]), document.cookie, location.href].join()'
  t.notMatch(await page.evaluate(kept), token)
  t.notMatch([command, ...requested].join(), token)
  await page.reload()
  await page.getByText('There is no sync yet.').waitFor()
  await syncPane(page).getByText('This sync is not there any more').waitFor()
  await page.getByRole('button', { name: 'Options' }).click()
  t.equal(await field.inputValue(), '')
})

t.test('whose key may not use tokens is not asked for one', { skip }, async (t) => {
  const google = await anEmulatorOfPeople(t)
  const { entries, keys } = someEntries({ may: { tokens: true }, 'may-not': {} })
  const keysFile = join(await aDirectory(t), 'keys.json')
  await writeFile(keysFile, JSON.stringify({ keys: Object.values(entries) }))
  const { url } = await aService(t, {
    GOOGLE_API_ROOT_URL: google.rootUrl,
    TOKEN_KEY: aTokenKey(),
    API_KEYS_FILE: keysFile,
  })
  for (const name of ['may', 'may-not'] as const) {
    const page = await aWebPage(t, url)
    await page.getByLabel('Key').fill(keys[name])
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Options' }).click()
    await page.getByLabel('The same as a command').waitFor()
    t.equal(await page.getByLabel(FIELD).count(), name === 'may' ? 1 : 0, name)
    t.same(await accessFaults(page), [], name)
    await page.setViewportSize({ width: 360, height: 640 })
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360, name)
  }
})
