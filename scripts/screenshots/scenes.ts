import type { Page } from 'playwright-core'
import { createApiKey } from '../../src/api-keys.ts'
import { readOnlyViews, views } from './views.ts'
import { aWorld, BOOKS, type World } from './world.ts'

/** One picture, taken in every look. */
export interface Scene {
  readonly name: string
  readonly path: string
  /** The API key that the tab has. */
  readonly key?: string
  /** What is done before the picture is taken. */
  readonly act?: (page: Page) => Promise<void>
}

export interface Stage {
  readonly world: World
  readonly scenes: readonly Scene[]
}

/** A stage is set for each look, its scenes are pictured, and it is struck before the next one is set. */
export const STAGES: readonly ((directory: string) => Promise<Stage>)[] = [
  busy,
  empty,
  keyed,
  waiting,
  gone,
  views,
  readOnlyViews,
]

async function busy(directory: string): Promise<Stage> {
  const world = await aWorld(directory, { SYNC_CONCURRENCY: '3' })
  const { google } = world
  google.setAccess(BOOKS.forbidden.id, 'forbidden')
  const ended: string[] = []
  for (const [spreadsheet, more] of [
    [BOOKS.quick, { labels: { team: 'sales' } }],
    [BOOKS.warned, { formats: ['json', 'csv'] as ('json' | 'csv')[] }],
    [BOOKS.forbidden, { labels: { team: 'people' } }],
    [BOOKS.hostile, { labels: { note: '<i>label</i>' } }],
    [
      BOOKS.orders,
      {
        formats: ['json', 'csv', 'parquet'] as ('json' | 'csv' | 'parquet')[],
        labels: { team: 'sales', nightly: 'yes' },
      },
    ],
  ] as const) {
    const { id } = await world.start({ spreadsheet: spreadsheet.id, ...more })
    await world.until(id, ({ finishedAt }) => finishedAt !== null)
    ended.push(id)
  }
  const [, warned = '', forbidden = '', hostile = '', orders = ''] = ended
  google.fail({ on: { spreadsheetId: BOOKS.large.id, times: 'always' }, do: { kind: 'slow', ms: 4000 } })
  for (const kind of ['values.get', 'values.batchGet'] as const) {
    google.fail({ on: { kind, spreadsheetId: BOOKS.hindered.id, times: 'always' }, do: { status: 500 } })
  }
  const cancelled = await world.start({ spreadsheet: BOOKS.large.id, labels: { team: 'plant' }, ifActive: 'start' })
  await fetch(`${world.url}/syncs/${cancelled.id}/cancel`, { method: 'POST' })
  await world.until(cancelled.id, ({ finishedAt }) => finishedAt !== null)
  const running = await world.start({ spreadsheet: BOOKS.large.id, formats: ['json', 'csv'] })
  await world.start({ spreadsheet: BOOKS.large.id, tabs: ['Calibration'] })
  const hindered = await world.start({ spreadsheet: BOOKS.hindered.id })
  await world.until(hindered.id, ({ progress }) => (progress.fault?.tries ?? 0) >= 2)
  await world.start({ spreadsheet: BOOKS.orders.id, labels: { team: 'sales' } })
  await world.until(running.id, ({ progress }) => progress.rowsDone > 0)
  const scenes: Scene[] = [
    { name: 'list', path: '/' },
    // Long enough that there is something to draw.
    { name: 'sync-running', path: `/?sync=${running.id}`, act: (page) => page.waitForTimeout(12_000) },
    { name: 'list-failed', path: '/?state=failed&q=sal' },
    { name: 'list-nothing', path: '/?q=nothing+like+this' },
    { name: 'options', path: '/', act: async (page) => page.getByRole('button', { name: 'Options' }).click() },
    { name: 'options-at-fault', path: '/', act: startBadly },
    { name: 'more-filters', path: '/', act: async (page) => page.getByText('More filters').click() },
    { name: 'filters-applied', path: '/?label=team%3Dsales&code=SHEET_FORBIDDEN' },
    {
      name: 'retry-all',
      path: '/?state=failed',
      act: async (page) => {
        await page.getByRole('button', { name: 'Retry all' }).click()
        await page.getByRole('button', { name: 'Retry 1 sync' }).waitFor()
      },
    },
    {
      name: 'sync-succeeded',
      path: `/?sync=${orders}`,
      act: async (page) => page.getByRole('button', { name: '5 columns of Orders' }).click(),
    },
    { name: 'sync-warned', path: `/?sync=${warned}` },
    { name: 'sync-failed', path: `/?sync=${forbidden}` },
    { name: 'sync-hostile', path: `/?sync=${hostile}` },
    { name: 'sync-hindered', path: `/?sync=${hindered.id}` },
    { name: 'sync-cancelled', path: `/?sync=${cancelled.id}` },
    { name: 'sync-missing', path: '/?sync=sync-00000000-0000-7000-8000-000000000000' },
    {
      name: 'delete',
      path: `/?sync=${warned}`,
      act: async (page) => page.getByRole('button', { name: 'Delete' }).click(),
    },
    {
      name: 'keyboard',
      path: '/',
      act: async (page) => {
        for (const key of ['j', 'j', 'j']) await page.keyboard.press(key)
      },
    },
  ]
  return { world, scenes }
}

async function startBadly(page: Page): Promise<void> {
  await page.getByLabel('Spreadsheet URL or id').fill('https://example.com/not-a-sheet')
  await page.getByRole('button', { name: 'Options' }).click()
  await page.getByLabel('maxAge').fill('soon')
  await page.getByLabel('labels').fill('a b=c')
  await page.getByRole('button', { name: 'Start sync' }).click()
  await page.locator('.field-error').first().waitFor()
}

async function empty(directory: string): Promise<Stage> {
  const loading = async (page: Page) => {
    await page.route('**/syncs?*', () => undefined)
    await page.reload()
    await page.getByText('Loading').first().waitFor({ state: 'attached' })
  }
  return {
    world: await aWorld(directory),
    scenes: [
      { name: 'empty', path: '/' },
      { name: 'loading', path: '/', act: loading },
    ],
  }
}

async function keyed(directory: string): Promise<Stage> {
  const [reader, writer] = [createApiKey('reports', ['read']), createApiKey('loader', ['write'])]
  const both = createApiKey('etl', ['read', 'write', 'admin'])
  const world = await aWorld(
    directory,
    { API_KEYS: [reader, writer, both].map(({ entry }) => entry).join(',') },
    both.key,
  )
  await world.start({ spreadsheet: BOOKS.quick.id })
  return {
    world,
    scenes: [
      { name: 'key-needed', path: '/' },
      { name: 'key-refused', path: '/', key: 'ssk_not-a-key' },
      { name: 'key-not-allowed', path: '/', key: writer.key },
      { name: 'list-read-only', path: '/', key: reader.key },
      { name: 'list-keyed', path: '/', key: both.key },
    ],
  }
}

async function waiting(directory: string): Promise<Stage> {
  const world = await aWorld(directory, { GOOGLE_READS_PER_MINUTE: '2' })
  const { id } = await world.start({ spreadsheet: BOOKS.large.id })
  await world.until(id, ({ progress }) => progress.waitingUntil !== null)
  return { world, scenes: [{ name: 'sync-waiting', path: `/?sync=${id}` }] }
}

async function gone(directory: string): Promise<Stage> {
  const world = await aWorld(directory)
  for (const { id } of [BOOKS.quick, BOOKS.orders]) {
    const sync = await world.start({ spreadsheet: id })
    await world.until(sync.id, ({ finishedAt }) => finishedAt !== null)
  }
  const cut = async (page: Page) => {
    await page.getByText('Price list').waitFor()
    await page.context().setOffline(true)
    await page.getByText('The service does not answer').waitFor()
  }
  return { world, scenes: [{ name: 'gone', path: '/', act: cut }] }
}
