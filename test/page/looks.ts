import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { aPageWorld, bookId, held, ORDERS, type PageWorld } from '../support/page-world.ts'
import { accessFaults, aWebPage, noChromium } from '../support/web-page.ts'

const WIDE: Workbook = {
  id: bookId('Wide'),
  title: 'A spreadsheet whose title goes on for longer than any telephone is wide',
  tabs: [tabFromRows(0, 'Anunbrokentabname'.repeat(5), [['A'.repeat(90)], ['x'.repeat(400)]])],
}

interface Seen {
  readonly name: string
  readonly path: string
  /** Resolves once it is there. */
  readonly isThere: (page: Page) => Promise<unknown>
  /** What can be pressed, and has to be reachable. */
  readonly buttons?: readonly string[]
}

/** A world in which each view has something to show, and all of them. */
async function allViews(t: Test): Promise<{ world: PageWorld; views: readonly Seen[] }> {
  const world = await aPageWorld(t, [
    ORDERS,
    WIDE,
    { ...ORDERS, id: bookId('Forbidden') },
    { ...ORDERS, id: bookId('Held') },
  ])
  const { client, google } = world
  google.setAccess(bookId('Forbidden'), 'forbidden')
  const wide = await client.sync({ spreadsheet: WIDE.id, labels: { team: 'sales', note: 'x'.repeat(60) } })
  const first = await client.sync({ spreadsheet: ORDERS.id, formats: ['json', 'csv'] })
  google.setCell(ORDERS.id, 0, 3, 1, 'Somebody else')
  await client.sync({ spreadsheet: ORDERS.id, formats: ['json', 'csv'] })
  const failed = await client.sync({ spreadsheet: bookId('Forbidden') })
  const schedule = (await (
    await client.send('POST', '/schedules', { name: 'Nightly', request: { spreadsheet: ORDERS.id }, every: '1d' })
  ).json()) as { id: string }
  const calls = held(google, { id: bookId('Held') })
  const running = await client.start({ spreadsheet: bookId('Held') })
  await calls.isHeld
  t.teardown(() => calls.release())
  const pane = (page: Page, text: string) =>
    page.getByRole('article').getByText(text, { exact: true }).first().waitFor()
  const rows = `/?spreadsheet=${ORDERS.id}&tab=gid:0`
  return {
    world,
    views: [
      {
        name: 'list',
        path: '/',
        isThere: (page) => page.getByText('5 syncs').waitFor(),
        buttons: ['Start sync', 'Options', 'Retry all …', 'Cancel all …'],
      },
      { name: 'running', path: `/?sync=${running.id}`, isThere: (page) => pane(page, 'running'), buttons: ['Cancel'] },
      {
        name: 'succeeded',
        path: `/?sync=${first.id}`,
        isThere: (page) => pane(page, 'succeeded'),
        buttons: ['Delete …'],
      },
      {
        name: 'long names',
        path: `/?sync=${wide.id}`,
        isThere: (page) => pane(page, 'succeeded'),
        buttons: ['Delete …'],
      },
      {
        name: 'failed',
        path: `/?sync=${failed.id}`,
        isThere: (page) => pane(page, 'failed'),
        buttons: ['Retry', 'Delete …'],
      },
      {
        name: 'rows',
        path: rows,
        isThere: (page) => page.getByRole('gridcell', { name: 'Somebody else' }).waitFor(),
        buttons: ['Filter …'],
      },
      {
        name: 'long cells',
        path: `/?spreadsheet=${WIDE.id}&tab=gid:0`,
        isThere: (page) => page.getByRole('gridcell').first().waitFor(),
      },
      {
        name: 'changes',
        path: `${rows}&show=changes`,
        isThere: (page) => page.getByText(/1 row added, 1 removed|1 row changed/).waitFor(),
      },
      {
        name: 'SQL',
        path: `${rows}&show=sql&sql=${encodeURIComponent('SELECT count(*) AS n FROM "Orders"')}`,
        isThere: (page) => page.getByRole('gridcell', { name: '240' }).waitFor(),
        buttons: ['Run'],
      },
      {
        name: 'schedules',
        path: '/?view=schedules',
        isThere: (page) => page.getByRole('link', { name: 'Nightly' }).waitFor(),
        buttons: ['New schedule …'],
      },
      {
        name: 'schedule',
        path: `/?view=schedules&schedule=${schedule.id}`,
        isThere: (page) => page.getByRole('article', { name: 'Schedule' }).getByText('Nightly').waitFor(),
        buttons: ['Run now', 'Pause', 'Delete …'],
      },
      { name: 'health', path: '/?view=health', isThere: (page) => page.getByRole('meter').first().waitFor() },
    ],
  }
}

/** Links, buttons and fields that stand out of the window sideways and cannot be scrolled to. */
const CUT_OFF = `[...document.querySelectorAll('a, button, input, select, summary')].filter((element) => {
  const { left, right, width } = element.getBoundingClientRect()
  const scrolls = (of) => of !== null && (/auto|scroll/.test(getComputedStyle(of).overflowX) || scrolls(of.parentElement))
  return width > 1 && (left < 0 || right > innerWidth) && !element.matches('.skip') && !scrolls(element.parentElement)
}).map((element) => element.outerHTML.slice(0, 120))`

/** Marks that forced colours have made invisible: shapes and bars of the colour that they stand on. */
const UNSEEN = `(() => {
  const ground = (element) => {
    const { backgroundColor } = getComputedStyle(element)
    return /rgba\\(.*, 0\\)/.test(backgroundColor) && element.parentElement ? ground(element.parentElement) : backgroundColor
  }
  const shapes = [...document.querySelectorAll('.shape')].filter((shape) => {
    const { stroke } = getComputedStyle(shape)
    return stroke === 'none' || stroke === ground(shape)
  })
  const bars = [...document.querySelectorAll('.meter > span')].filter((bar) => {
    const { backgroundColor, backgroundImage } = getComputedStyle(bar)
    return backgroundImage === 'none' && backgroundColor === ground(bar.parentElement)
  })
  return [...shapes, ...bars].map((element) => element.outerHTML.slice(0, 120))
})()`

/** Resolves once colours have changed, where they do so gradually. */
const SETTLED = `Promise.allSettled(document.getAnimations().filter((one) => one instanceof CSSTransition).map(({ finished }) => finished))
  .then(() => undefined)`

/** Whatever moves by itself, or as it changes. */
const MOVING = `[...document.querySelectorAll('*')].filter((element) => {
  const { transitionDuration, animationName } = getComputedStyle(element)
  return transitionDuration.split(', ').some((one) => parseFloat(one) > 0) || animationName !== 'none'
}).map((element) => element.outerHTML.slice(0, 120))`

/** How a reader may have set things, and what then holds in each view. */
const SETTINGS: readonly {
  readonly name: string
  readonly media: Parameters<Page['emulateMedia']>[0]
  /** What the page is asked by its style sheets. */
  readonly query: string
  readonly look: (t: Test, page: Page) => Promise<void>
}[] = [
  { name: 'light', media: { colorScheme: 'light' }, query: 'prefers-color-scheme: light', look: noAccessFaults },
  { name: 'dark', media: { colorScheme: 'dark' }, query: 'prefers-color-scheme: dark', look: noAccessFaults },
  {
    name: 'with forced colours',
    media: { forcedColors: 'active' },
    query: 'forced-colors: active',
    async look(t, page) {
      await noAccessFaults(t, page)
      t.same(await page.evaluate(UNSEEN), [], 'no mark has the colour of what it stands on')
    },
  },
  {
    name: 'with reduced motion',
    media: { reducedMotion: 'reduce' },
    query: 'prefers-reduced-motion: reduce',
    async look(t, page) {
      t.equal(await page.evaluate('document.getAnimations().length'), 0, 'nothing moves by itself')
      t.same(await page.evaluate(MOVING), [])
    },
  },
]

async function noAccessFaults(t: Test, page: Page): Promise<void> {
  t.same(await accessFaults(page), [], 'axe-core finds nothing')
}

t.test('the views', { skip: noChromium, timeout: 480_000 }, async (t) => {
  // One world for all settings: nothing here changes it.
  const { world, views } = await allViews(t)

  await t.test(
    'are accessible in light and dark, keep their marks under forced colours, and rest under reduced motion',
    async (t) => {
      const page = await aWebPage(t, 'about:blank', { baseURL: world.url })
      for (const seen of views) {
        await page.goto(`${world.url}${seen.path}`)
        await seen.isThere(page)
        for (const { name, media, query, look } of SETTINGS) {
          await page.emulateMedia({ colorScheme: null, forcedColors: null, reducedMotion: null, ...media })
          t.equal(await page.evaluate(`matchMedia('(${query})').matches`), true, name)
          await page.evaluate(SETTLED)
          await t.test(`${seen.name}, ${name}`, (t) => look(t, page))
        }
      }
    },
  )

  await t.test('fit 360 pixels: nothing scrolls sideways, and all that can be pressed is reachable', async (t) => {
    const page = await aWebPage(t, 'about:blank', {
      baseURL: world.url,
      viewport: { width: 360, height: 640 },
      hasTouch: true,
    })
    for (const seen of views) {
      const { name, path, isThere, buttons = [] } = seen
      await page.goto(`${world.url}${path}`)
      await isThere(page)
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360, name)
      t.same(await page.evaluate(CUT_OFF), [], `${name}: nothing that can be pressed lies outside`)
      for (const button of buttons) {
        const found = page.getByRole('button', { name: button, exact: true })
        await found.scrollIntoViewIfNeeded()
        await found.click({ trial: true })
      }
      t.same(await accessFaults(page), [], name)
    }
  })
})
