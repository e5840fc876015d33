import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { SAMPLE_SPREADSHEET_ID } from '../../src/model/sync-request.ts'
import { aPage, chromium } from '../support/browser.ts'
import { someKeys } from '../support/callers.ts'
import { anEmulator, aService, finished, pollUntil } from '../support/service.ts'

const skip =
  chromium === undefined && process.env.CI !== 'true' ? 'there is no Chromium on this machine' : (false as const)

// A browser that draws without a graphics card, on a machine that does other things too.
t.setTimeout(300_000)

/** The forms of /docs, filled in and sent as a user does it. */
async function theForms(t: Test, url: string) {
  const page = await aPage(t, `${url}/docs`)
  const evaluate = async (body: string) => page.evaluate(`(() => { ${body} })()`)
  const until = async (expression: string) => {
    while ((await page.evaluate(expression)) !== true) await delay(50)
  }
  await until(`document.querySelector('.opblock') !== null`)
  const block = (operation: string) => `document.querySelector('[id$="-${operation}"]')`
  const open = async (operation: string) => {
    if ((await page.evaluate(`${block(operation)}.classList.contains('is-open')`)) === false) {
      await page.evaluate(`${block(operation)}.querySelector('.opblock-summary-control').click()`)
    }
    await until(`${block(operation)}.querySelector('.execute') !== null`)
  }
  return {
    evaluate,
    until,
    /** Swagger UI draws all that is open again with each keystroke and answer, which takes seconds once several are. */
    async close(operation: string): Promise<void> {
      await evaluate(`${block(operation)}.querySelector('.opblock-summary-control').click()`)
      await until(`!${block(operation)}.classList.contains('is-open')`)
    },
    /** What stands in the fields of an operation when it is opened, by name. */
    async fields(operation: string): Promise<unknown> {
      await open(operation)
      return evaluate(
        `return Object.fromEntries([...${block(operation)}.querySelectorAll('tr[data-param-name]')].map((row) =>
          [row.dataset.paramName, row.querySelector('input, select').value]))`,
      )
    },
    /** Presses Execute, and resolves to the status and the body that the page shows. */
    async execute(operation: string): Promise<{ status: number; body: string }> {
      await open(operation)
      await evaluate(`${block(operation)}.querySelector('.btn-clear')?.click()`)
      const answer = `${block(operation)}.querySelector('.live-responses-table')`
      await until(`${answer} === null`)
      await evaluate(`${block(operation)}.querySelector('.execute').click()`)
      await until(`${answer} !== null`)
      const status = await page.evaluate(`${answer}.querySelector('tbody .response-col_status').innerText`)
      const body = await page.evaluate(`${answer}.querySelector('tbody .response-col_description').innerText`)
      return { status: Number.parseInt(String(status), 10), body: String(body) }
    },
  }
}

async function aSampleService(t: Test, settings: Record<string, string> = {}) {
  // A large answer takes the page long to colour.
  const sample = { id: SAMPLE_SPREADSHEET_ID, title: 'Sample', tabs: [tabFromRows(0, 'T', [['H'], [1]])] }
  const emulator = await anEmulator(t, { workbooks: [sample] })
  return aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, ...settings })
}

t.test('every form of /docs is sent as it stands, again and again, and follows the last sync', { skip }, async (t) => {
  const { url } = await aSampleService(t)
  const forms = await theForms(t, url)
  t.equal(await forms.evaluate('return document.title'), 'Sheetsync API')
  t.match(await forms.evaluate(`return document.querySelector('.topbar').innerText`), /^Sheetsync\s*\d/)
  t.same(await forms.fields('startSync'), { 'idempotency-key': '', traceparent: '' })
  t.match(await forms.fields('deleteSync'), { id: '', 'if-match': '' })

  const ids: string[] = []
  for (let round = 0; round < 2; round += 1) {
    const { status, body } = await forms.execute('startSync')
    const id = /"id": "(sync-[^"]+)"/.exec(body)?.[1] ?? ''
    t.equal(status, 202)
    t.equal(await forms.evaluate(`return document.getElementById('last-sync').innerText`), id)
    ids.push(id)
    await pollUntil(url, id, finished)
  }
  t.equal(new Set(ids).size, 2, 'no answer is a replay')
  const [, id] = ids
  // This one was open, and was filled with the first of them in between.
  t.same(await forms.fields('deleteSync'), { id, 'if-match': '' })
  await forms.close('startSync')
  t.same(await forms.fields('getSync'), { id, 'if-none-match': '', prefer: '' })
  t.match(await forms.fields('listSyncs'), { state: '', spreadsheet: '', pageToken: '' })
  const operations = 'getSync listSyncs listSyncFiles getSyncFile getSpreadsheet getTab streamSync deleteSync'
  for (const operation of operations.split(' ')) {
    const { status, body } = await forms.execute(operation)
    t.match(status, operation === 'deleteSync' ? 204 : 200, `${operation}: ${body.slice(0, 200)}`)
    t.equal(await forms.evaluate(`return document.querySelectorAll('.errors-wrapper, .invalid').length`), 0)
    await forms.close(operation)
  }
})

t.test('a key that is given to Authorize is sent with every form', { skip }, async (t) => {
  const { setting, keys } = someKeys({ one: ['admin'] })
  const { url } = await aSampleService(t, { API_KEYS: setting })
  const forms = await theForms(t, url)
  t.equal((await forms.execute('startSync')).status, 401)
  await forms.evaluate(`document.querySelector('.auth-wrapper .authorize').click()`)
  await forms.until(`document.querySelector('.auth-container input') !== null`)
  await forms.evaluate(`
    const input = document.querySelector('.auth-container input')
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, '${keys.one}')
    input.dispatchEvent(new Event('input', { bubbles: true }))`)
  await forms.evaluate(`document.querySelector('.auth-container .authorize').click()`)
  await forms.until(`document.querySelector('.auth-container .btn-done') !== null`)
  await forms.evaluate(`document.querySelector('.auth-container .btn-done').click()`)
  for (const status of [202, 202]) t.equal((await forms.execute('startSync')).status, status)
  t.equal((await forms.execute('getSync')).status, 200)
})
