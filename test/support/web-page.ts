import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type BrowserContextOptions, chromium as driver, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { chromium } from './browser.ts'

/** Why a test of the page cannot be run here; `false` where it can. In CI nothing is skipped. */
export const noChromium = chromium === undefined && process.env.CI === undefined ? 'Chromium is not installed' : false

/**
 * A tab of a browser of its own, which ends with the test. The test fails where a script of somebody else runs, where the page
 * complains of its own scripts or breaks its policy, and where anything is asked of another origin.
 */
export async function aWebPage(t: Test, url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const browser = await driver.launch({
    executablePath: `/usr/bin/${chromium}`,
    args: ['--no-sandbox', '--disable-gpu'],
  })
  t.teardown(() => browser.close())
  const context = await browser.newContext(options)
  await context.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
    console.error('against the policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))`)
  const home = new URL(options.baseURL ?? url).origin
  context.on('request', (request) => {
    const { origin } = new URL(request.url())
    // Of a blob: that of who made it.
    if (origin !== home) t.fail(`the page has asked for ${request.url()}`)
  })
  const page = await context.newPage()
  page.on('pageerror', (error) => t.fail(`the page threw ${error.stack ?? error}`))
  page.on('console', (message) => {
    // What the service answers with an error, a browser says by itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) t.fail(message.text())
  })
  page.on('dialog', (dialog) => t.fail(`a script of somebody else has run: ${dialog.message()}`))
  await page.goto(url)
  return page
}

/** What axe-core finds against who cannot see or use a mouse, in the page as it is now. */
export async function accessFaults(page: Page): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) {
    const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    // In the world of the tests, where the policy of the page has no say.
    await page.evaluate(`{ ${source} }`)
  }
  const found = (await page.evaluate('axe.run()')) as {
    violations: { id: string; help: string; nodes: { html: string }[] }[]
  }
  return found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ')}`)
}
