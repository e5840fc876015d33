import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pMap from 'p-map'
import type { Page } from 'playwright-core'
import t from 'tap'
import { AppError } from '../../src/errors.ts'
import { toProblem } from '../../src/model/problem.ts'
import { cancelSync, claimSync, failSync } from '../../src/syncs/sync.ts'
import { tasksOf } from '../support/long-tasks.ts'
import { aPageWorld, ORDERS } from '../support/page-world.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { aWebPage, noChromium } from '../support/web-page.ts'

const SYNCS = 10_000
/** A task that is longer is felt as a jerk. */
const LONGEST_MS = 100
const settings = { skip: noChromium, timeout: 280_000 }

/** Writes the records of syncs that have ended, as the storage would. */
async function seed(directory: string): Promise<void> {
  const folder = join(directory, 'sync-status')
  await mkdir(folder, { recursive: true })
  const now = Date.now()
  const syncs = Array.from({ length: SYNCS }, (_, n) => {
    const at = new Date(now - n * 1000)
    const fresh = aQueuedSync({ spreadsheet: `spreadsheet-${n % 50}`, labels: { batch: `n${n}` } }, at)
    const named = { ...fresh, spreadsheet: { ...fresh.spreadsheet, title: `Book ${n % 50}` } }
    return n % 3 === 0
      ? failSync(claimSync(named, 'seed', at), toProblem(new AppError('SHEET_FORBIDDEN', 'not shared')), at, 864e5)
      : cancelSync(named, at, 864e5)
  })
  await pMap(
    syncs,
    async (sync) => {
      const path = join(folder, `${sync.id}.json`)
      await writeFile(path, `${JSON.stringify(sync, null, 2)}\n`)
      // As the storage would: the microseconds tell the revision.
      await utimes(path, 1, 1 + (sync.revision + 0.5) / 1e6)
    },
    { concurrency: 16 },
  )
}

/** Resolves once an expression is true; frame by frame, as the page's policy lets nothing be evaluated in it that waits. */
async function until(page: Page, expression: string): Promise<void> {
  await page.evaluate(`(async () => { while (!(${expression})) await new Promise(requestAnimationFrame) })()`)
}

/** Scrolls an element by so many pixels a frame, for so many frames; resolves once the last of it is drawn. */
async function scroll(page: Page, selector: string, pixels: number, frames: number): Promise<void> {
  await page.evaluate(`(async () => {
    const box = document.querySelector(${JSON.stringify(selector)})
    const frame = () => new Promise(requestAnimationFrame)
    for (let n = 0; n < ${frames}; n += 1) { box.scrollTop += ${pixels}; await frame() }
  })()`)
}

t.test('10,000 syncs in the list are scrolled without a jerk', settings, async (t) => {
  const { url, client } = await aPageWorld(t, [ORDERS], { MAX_RECORDS_PER_KEY: '20000' }, { prepare: seed })
  const page = await aWebPage(t, url)
  await page.getByText(/syncs so far/).waitFor()
  const body = `document.querySelector('.grid-body')`
  const foot = `parseInt(document.querySelector('.list-foot').textContent.replaceAll(',', ''))`
  const read = await tasksOf(page, async () => {
    for (let known = 0; known < SYNCS; known = (await page.evaluate(foot)) as number) {
      await page.evaluate(`${body}.scrollTop = 1e9`)
      await until(page, `${foot} > ${known}`)
    }
  })
  await page.getByText('10,000 syncs', { exact: true }).waitFor()
  t.comment(`all pages read, one after the other: ${read.words}`)
  const scrolled = await tasksOf(page, async () => {
    await page.evaluate(`${body}.scrollTop = 0`)
    await scroll(page, '.grid-body', 90, 200)
    await scroll(page, '.grid-body', 1500, 200)
    // What happens meanwhile is in the list too.
    await client.sync({ spreadsheet: ORDERS.id })
    await page.evaluate(`${body}.scrollTop = 0`)
    await page.getByRole('row', { name: /Orders 2026/ }).waitFor()
  })
  t.comment(`10,000 syncs scrolled: ${scrolled.words}`)
  t.ok(read.longestCpuMs <= LONGEST_MS, `${read.longestCpuMs} ms while they are read`)
  t.ok(scrolled.longestCpuMs <= LONGEST_MS, `${scrolled.longestCpuMs} ms while scrolled`)
  t.ok(
    ((await page.evaluate(`document.querySelectorAll('[role=row]').length`)) as number) < 60,
    'only what is in sight is drawn',
  )
})

t.test('something is painted soon', settings, async (t) => {
  const { url } = await aPageWorld(t)
  const page = await aWebPage(t, url)
  const paints: number[] = []
  for (let n = 0; n < 5; n += 1) {
    await page.goto(url)
    await page.getByText('There is no sync yet.').waitFor()
    paints.push((await page.evaluate(`performance.getEntriesByName('first-contentful-paint')[0].startTime`)) as number)
  }
  t.comment(`first contentful paint after ${paints.map((ms) => ms.toFixed(0)).join(', ')} ms`)
  // 300 ms is what a machine of its own takes; this one may be busy.
  t.ok(Math.min(...paints) < 1000, `${Math.min(...paints)} ms`)
})
