import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { aPage, chromium } from '../support/browser.ts'
import { anEmulator, aService, getSync, startSync } from '../support/service.ts'

const ID = '1Foreign-0123456789_abcdefghijklmnopqrstuvwx'

/** The site of somebody else, which has one page with a script or a link. */
async function aSite(t: Test, html: () => string): Promise<number> {
  const server = createServer((_request, answer) => {
    answer.writeHead(200, { 'content-type': 'text/html' }).end(html())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

const skip =
  chromium === undefined && process.env.CI !== 'true' ? 'there is no Chromium on this machine' : (false as const)

t.test(
  'what a browser lets a page of another site send is refused, and a link to the service is followed',
  { skip },
  async (t) => {
    const book = { id: ID, title: 'Foreign', tabs: [tabFromRows(0, 'T', [['H'], [1]])] }
    const emulator = await anEmulator(t, { workbooks: [book], latency: { baseMs: 60_000 } })
    const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
    const { id } = await startSync(url, { spreadsheet: ID })
    const { port } = new URL(url)
    const site = await aSite(t, () => `<a id="link" href="${url}/docs">the service</a>`)
    // Both names lead to this machine: as an attacker has it, once the page is loaded.
    const rebound = ['--host-resolver-rules=MAP evil.example 127.0.0.1']
    const page = await aPage(t, `http://evil.example:${site}/`, rebound)
    const until = async (expression: string) => {
      while ((await page.evaluate(expression)) !== true) await delay(50)
    }
    const outcome = async (call: string) => {
      await page.evaluate(
        `window.outcome = undefined, (${call}).then((a) => a.type === 'opaque' ? 'opaque' : a.status, () => 'error').then((one) => { window.outcome = one })`,
      )
      await until('window.outcome !== undefined')
      return page.evaluate('window.outcome')
    }
    await until('document.readyState === "complete" && document.getElementById("link") !== null')
    t.equal(await outcome(`fetch('${url}/syncs')`), 'error', 'nothing may be read')
    t.equal(
      await outcome(`fetch('${url}/syncs/${id}/cancel', { method: 'POST', mode: 'no-cors' })`),
      'opaque',
      'it is sent',
    )
    t.match(await getSync(url, id), { state: /queued|running/ }, 'and has no effect')
    await page.evaluate('document.getElementById("link").click()')
    await until(`location.host === '127.0.0.1:${port}' && document.readyState === 'complete'`)
    t.equal(await page.evaluate('document.title'), 'Sheetsync API', 'a link is followed')
    t.equal(await outcome(`fetch('/syncs')`), 200, 'and that page may call')
    t.equal(await outcome(`fetch('/syncs/${id}/cancel', { method: 'POST' })`), 202)

    const other = await aPage(t, `http://evil.example:${port}/docs`, rebound)
    while ((await other.evaluate('document.body?.innerText ?? ""')) === '') await delay(50)
    t.match(
      await other.evaluate('document.body.innerText'),
      /HOST_NOT_ALLOWED/,
      'under its own name it gets nothing at all',
    )
  },
)
