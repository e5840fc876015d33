import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core'
import { type Scene, STAGES } from './screenshots/scenes.ts'

// Pictures of the page in every state, taken of the real service with an emulated Google behind it, to look at:
// `npm run screenshots`, or `npm run screenshots -- --only sync-failed`. They go into screenshots/, which is ignored.

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    look: { type: 'string', multiple: true },
    browser: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const folder = fileURLToPath(new URL('../screenshots/', import.meta.url))

/** How the page is looked at. */
const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' },
  narrow: { viewport: { width: 360, height: 740 }, colorScheme: 'light', deviceScaleFactor: 2, hasTouch: true },
  forced: { viewport: { width: 1024, height: 768 }, forcedColors: 'active', reducedMotion: 'reduce' },
}

const isWanted = (name: string, wanted: readonly string[] | undefined) =>
  wanted === undefined || wanted.some((one) => name.includes(one))

await mkdir(folder, { recursive: true })
const browser = await chromium.launch({ executablePath: values.browser, args: ['--no-sandbox', '--disable-gpu'] })
try {
  for (const [look, options] of Object.entries(LOOKS).filter(([name]) => isWanted(name, values.look))) {
    for (const set of STAGES) await show(set, (url, scene) => picture(browser, url, scene, look, options))
  }
} finally {
  await browser.close()
}

async function show(set: (typeof STAGES)[number], take: (url: string, scene: Scene) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(`${tmpdir()}/sheetsync-screenshots-`)
  const { world, scenes } = await set(directory)
  try {
    for (const scene of scenes.filter(({ name }) => isWanted(name, values.only))) await take(world.url, scene)
  } finally {
    await world.close()
    await rm(directory, { recursive: true, force: true })
  }
}

async function picture(
  browser: Browser,
  url: string,
  { name, path, key, act }: Scene,
  look: string,
  options: BrowserContextOptions,
): Promise<void> {
  const context = await browser.newContext(options)
  try {
    if (key !== undefined) await context.addInitScript(`sessionStorage.setItem('sheetsync.key', '${key}')`)
    const page = await context.newPage()
    page.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        process.stdout.write(`  ${name} ${look}: ${message.text()}\n`)
    })
    page.on('pageerror', (error) => process.stdout.write(`  ${name} ${look}: ${error.stack ?? error}\n`))
    await page.goto(`${url}${path}`)
    // What a picture shows first is what the service has answered.
    await page.waitForTimeout(700)
    await act?.(page)
    await page.waitForTimeout(300)
    await page.screenshot({ path: `${folder}${name}-${look}.png` })
    process.stdout.write(`${name}-${look}.png\n`)
  } catch (error) {
    process.stdout.write(`  ${name} ${look} could not be taken: ${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  } finally {
    await context.close()
  }
}
