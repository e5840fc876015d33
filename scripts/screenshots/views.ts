import type { Page } from 'playwright-core'
import { createApiKey } from '../../src/api-keys.ts'
import type { Stage } from './scenes.ts'
import { aWorld, BOOKS } from './world.ts'

const ROWS = `/?spreadsheet=${BOOKS.orders.id}&tab=gid:0`
const sql = (text: string) => `${ROWS}&show=sql&sql=${encodeURIComponent(text)}`

/** Rows, schedules and health, in every state. */
export async function views(directory: string): Promise<Stage> {
  const world = await aWorld(directory)
  const { google } = world
  const sync = async (spreadsheet: string, formats: ('json' | 'csv' | 'parquet')[] = ['json', 'csv']) => {
    const { id } = await world.start({ spreadsheet, formats, ifActive: 'start' })
    await world.until(id, ({ finishedAt }) => finishedAt !== null)
  }
  await sync(BOOKS.orders.id, ['json', 'csv', 'parquet'])
  for (const [row, value] of [
    [5, 999.5],
    [9, null],
  ] as const)
    google.setCell(BOOKS.orders.id, 0, row, 3, value)
  google.setCell(BOOKS.orders.id, 0, 20, 0, 5000)
  await sync(BOOKS.orders.id)
  await sync(BOOKS.hostile.id)
  await sync(BOOKS.quick.id, ['csv'])
  google.setAccess(BOOKS.forbidden.id, 'forbidden')
  const schedules = await Promise.all([
    post(world.url, '/schedules', { name: 'Orders, hourly', request: { spreadsheet: BOOKS.orders.id }, every: '1h' }),
    post(world.url, '/schedules', {
      ...{ name: 'Prices, on weekday mornings', request: { spreadsheet: BOOKS.quick.id } },
      ...{ cron: '0 6 * * 1-5', timeZone: 'Europe/Berlin' },
    }),
    post(world.url, '/schedules', { name: 'Salaries', request: { spreadsheet: BOOKS.forbidden.id }, every: '1d' }),
  ])
  const [orders = '', prices = '', salaries = ''] = schedules.map(({ id }) => id)
  for (let runs = 0; runs < 6; runs += 1) {
    google.setCell(BOOKS.orders.id, 0, 30 + runs * runs, 1, `Customer ${runs}`)
    const { id } = await post(world.url, `/schedules/${orders}/run`)
    await world.until(id, ({ finishedAt }) => finishedAt !== null)
  }
  await post(world.url, `/schedules/${salaries}/run`)
  await post(world.url, `/schedules/${prices}/pause`)
  const grid = (page: Page) => page.getByRole('grid')
  return {
    world,
    scenes: [
      { name: 'rows', path: ROWS },
      {
        name: 'rows-asked',
        path: `${ROWS}&order=${encodeURIComponent('"Total" desc')}&filters=${encodeURIComponent('[["Customer","contains","a"]]')}`,
        act: async (page) => {
          await grid(page).focus()
          for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key)
        },
      },
      {
        name: 'rows-filter',
        path: ROWS,
        act: async (page) => page.getByRole('button', { name: 'Filter …' }).click(),
      },
      { name: 'rows-none', path: `${ROWS}&filters=${encodeURIComponent('[["Customer","is","nobody"]]')}` },
      { name: 'rows-hostile', path: `/?spreadsheet=${BOOKS.hostile.id}&tab=` },
      { name: 'rows-not-queryable', path: `/?spreadsheet=${BOOKS.quick.id}&tab=` },
      { name: 'rows-missing', path: '/?spreadsheet=nothing-like-this&tab=' },
      {
        name: 'rows-sql',
        path: sql('SELECT Customer, count(*) AS orders, sum(Total) AS total\nFROM Orders GROUP BY ALL'),
      },
      { name: 'rows-sql-at-fault', path: sql('SELECT Customer, sum(Totl)\nFROM Orders GROUP BY ALL') },
      { name: 'rows-changes', path: `${ROWS}&show=changes&key=Order` },
      { name: 'schedules', path: '/?view=schedules' },
      { name: 'schedule', path: `/?view=schedules&schedule=${orders}` },
      { name: 'schedule-paused', path: `/?view=schedules&schedule=${prices}` },
      {
        name: 'schedule-new',
        path: '/?view=schedules',
        act: async (page) => {
          await page.getByRole('button', { name: 'New schedule …' }).click()
          await page.getByText('cron line').click()
          await page.getByRole('button', { name: 'Create schedule' }).click()
          await page.locator('.field-error').first().waitFor()
        },
      },
      { name: 'health', path: '/?view=health' },
      {
        name: 'health-gone',
        path: '/?view=health',
        act: async (page) => {
          await page.getByText('answers this page').waitFor()
          await page.context().setOffline(true)
          await page.getByText('The service does not answer').waitFor()
        },
      },
    ],
  }
}

/** The same to a key that may only read, and has nothing yet. */
export async function readOnlyViews(directory: string): Promise<Stage> {
  const reader = createApiKey('reports', ['read'])
  const world = await aWorld(directory, { API_KEYS: reader.entry }, reader.key)
  return {
    world,
    scenes: [
      { name: 'schedules-read-only', path: '/?view=schedules', key: reader.key },
      { name: 'health-read-only', path: '/?view=health', key: reader.key },
    ],
  }
}

async function post(url: string, path: string, body?: object): Promise<{ readonly id: string }> {
  const init = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(`${url}${path}`, { method: 'POST', ...init })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as { id: string }
}
