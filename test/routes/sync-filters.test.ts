import t, { type Test } from 'tap'
import { AppError, type ErrorCode } from '../../src/errors.ts'
import { toProblem } from '../../src/model/problem.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import type { SyncQuery } from '../../src/ports/sync-storage.ts'
import { failSync } from '../../src/syncs/sync.ts'
import { anApp } from '../support/app.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { aQueuedSync } from '../support/syncs.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')

interface Page {
  readonly syncs: readonly SyncView[]
  readonly nextPageToken: string | null
}

t.test('a list is searched by labels, error code and text together', async (t) => {
  const { storage, ids } = await anAppOfSyncs(t)
  const [shared, missing, waiting] = [
    aQueuedSync({ spreadsheet: 'Prices-2026', labels: { team: 'sales', note: 'a=b, "c"' } }),
    aQueuedSync({ spreadsheet: 'stock', labels: { team: 'sales', note: '' } }),
    aQueuedSync({ spreadsheet: 'stock', labels: { team: 'ops' } }),
  ]
  for (const sync of [shared, missing, waiting]) await storage.create(sync)
  const fail = (sync: typeof shared, code: ErrorCode) =>
    storage.replace(failSync(sync, toProblem(new AppError(code, 'for a test')), NOW, 1000), 1)
  await fail(shared, 'SHEET_FORBIDDEN')
  await fail(missing, 'SHEET_NOT_FOUND')
  for (const [query, expected] of [
    ['label=team=sales', [missing, shared]],
    ['label=team=sales&label=note=', [missing]],
    [`label=note=${encodeURIComponent('a=b, "c"')}`, [shared]],
    ['label=team=sales&label=team=ops', []],
    ['code=SHEET_FORBIDDEN', [shared]],
    ['code=SHEET_NOT_FOUND,SHEET_FORBIDDEN', [missing, shared]],
    ['code=SHEET_NOT_FOUND&state=queued', []],
    ['code=SHEET_NOT_FOUND&state=queued,failed&spreadsheet=stock', [missing]],
    ['q=PRICES', [shared]],
    ['q=ops&state=queued', [waiting]],
    [`q=${waiting.id.slice(-12)}`, [waiting]],
    ['q=stock&label=team=ops', [waiting]],
    ['q=stock&pageSize=1', [waiting]],
  ] as const) {
    t.same(
      await ids(query),
      expected.map(({ id }) => id),
      query,
    )
  }
})

t.test('each parameter at fault is named', async (t) => {
  const { url } = await anAppOfSyncs(t)
  const faults = async (query: string) => {
    const answer = await fetch(`${url}/syncs?${query}`)
    const { code, errors } = (await answer.json()) as { code: string; errors: { field: string; message: string }[] }
    t.equal(answer.status, 400, query)
    t.equal(code, 'VALIDATION_FAILED')
    return errors.map(({ field, message }) => `${field} ${message}`)
  }
  const [label, code, q] = await faults('label=team&code=SHEET_FORBIDDEN,NONSENSE&q=')
  t.match(label, /^label must be name=value/)
  t.match(code, /^code must be one or more error codes.*"NONSENSE" is none$/)
  t.equal(q, 'q must not be empty')
  t.match(await faults('label=team=a&label==b&label=a b=c'), [/^label\[1\] must be/, /^label\[2\] must be/])
  t.match(await faults(`label=team=${'x'.repeat(256)}`), [/^label must be/])
  t.match(await faults(Array.from({ length: 17 }, (_, n) => `label=n${n}=1`).join('&')), ['label are more than 16'])
  t.match(await faults('code='), [/^code must be/])
  t.match(await faults('code=toString'), [/^code must be/])
  t.same(await faults(`q=${'x'.repeat(201)}`), ['q is longer than 200 characters'])
  t.same(await faults('q=a&q=b'), ['q is given more than once'])
  t.match(await faults('labels=a=b'), ['labels is not a known field (label is)'])
  t.equal((await fetch(`${url}/syncs?q=${encodeURIComponent('ü'.repeat(200))}`)).status, 200)
})

t.test('a search that finds nothing answers after a second, and its pages lead on to the end', async (t) => {
  const clock = new FakeClock()
  let lists = 0
  class SlowStorage extends MemoryStorage {
    override async list(query: SyncQuery) {
      lists += 1
      await clock.advance(300)
      return super.list(query)
    }
  }
  const storage = new SlowStorage()
  // Records of 60 kB, of which a piece holds two.
  const tabs = Array.from({ length: 300 }, (_, n) => `${'a long title '.repeat(15)}${n}`)
  const syncs = Array.from({ length: 20 }, (_, n) => aQueuedSync({ tabs, labels: { n: `number ${n}` } }))
  for (const sync of syncs) await storage.create(sync)
  const { url } = await anApp(t, storage, undefined, { clock })
  const get = async (query: string) => (await (await fetch(`${url}/syncs?${query}`)).json()) as Page
  const found: string[] = []
  let pages = 0
  for (let token: string | null = ''; token !== null; pages++) {
    lists = 0
    const page: Page = await get(`q=NUMBER+1&pageSize=9${token === '' ? '' : `&pageToken=${token}`}`)
    t.ok(lists <= 4, `${lists} pieces`)
    if (pages === 1) t.same(page.syncs.length <= 4, true)
    found.push(...page.syncs.map(({ id }) => id))
    token = page.nextPageToken
  }
  t.ok(pages > 1)
  t.same(
    found,
    [19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 1].map((n) => syncs[n]?.id),
  )
  t.same((await get('q=nowhere')).syncs, [])
  lists = 0
  t.equal((await get('state=queued&pageSize=20')).syncs.length, 20, 'what is no search has its time')
  t.ok(lists > 4)
})

/** An app over syncs that the test makes, and what it lists. */
async function anAppOfSyncs(t: Test) {
  const storage = new MemoryStorage()
  const { url } = await anApp(t, storage)
  const ids = async (query: string) => {
    const found: string[] = []
    for (let token: string | null = ''; token !== null; ) {
      const answer: Response = await fetch(`${url}/syncs?${query}${token === '' ? '' : `&pageToken=${token}`}`)
      const page = (await answer.json()) as Page
      found.push(...page.syncs.map(({ id }) => id))
      token = page.nextPageToken
      if (query.includes('pageSize')) break
    }
    return found
  }
  return { url, storage, ids }
}
