import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { syncRequestBody } from '../../src/model/sync-request.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import type { Caller } from '../../src/syncs/caller.ts'
import { SyncService } from '../../src/syncs/sync-service.ts'
import { systemClock } from '../../src/system-clock.ts'
import {
  BOOKS,
  CELLS,
  type Cell,
  CREDENTIALS,
  gate,
  KEYS,
  type KeyName,
  type Made,
  ONE,
  PEOPLE,
  rightOf,
  sees,
  startOf,
  TOKENS,
  type TokenName,
  TWO,
} from '../routes/authorization/model.ts'
import { ROUTES, type Route, type Target } from '../routes/authorization/routes.ts'
import { type Answer, aWorld, cell, outcomeOf, type World } from '../routes/authorization/world.ts'
import { MemoryStorage } from '../support/memory-storage.ts'

/** What is read in the first part: each with rows of its own, in the order in which they were made. */
const FIXTURES: readonly (readonly [owner: KeyName, token: TokenName, book: string, credential?: string])[] = [
  ['plain', 'none', ONE],
  ['plain', 'none', TWO],
  ['listed', 'none', ONE],
  ['listed', 'ann', ONE],
  ['agency', 'none', ONE, 'agency'],
  ['star', 'none', ONE],
  ['star', 'ann', ONE],
  ['star', 'annsOther', TWO],
  ['star', 'ben', ONE],
  ['star', 'sheetsAlone', ONE],
  ['tenant', 'ann', ONE],
  ['root', 'none', TWO],
  ['root', 'ben', TWO],
]
interface Fixture extends Made {
  readonly id: string
  readonly marker: string
  readonly file?: string | undefined
}

const title = ({ bearer, token }: Cell) => `${bearer} with ${token}`
const hasKey = (one: Cell): one is Cell & { bearer: KeyName } => one.bearer in KEYS
/** The addresses that refuse other methods are no operations; HEAD is asked wherever GET is. */
const REFUSED = /^(?:PUT|QUERY|TRACE|HEAD|OPTIONS) /

async function makeFixtures({ emulator, made, ask, untilEnded }: World): Promise<Fixture[]> {
  const fixtures: Fixture[] = []
  for (const [n, [owner, token, book, credential]] of FIXTURES.entries()) {
    const marker = `marker-${n}-of-rows`
    emulator.setCell(book, 0, 1, 0, marker)
    const body = { spreadsheet: book, ifActive: 'start', ...(credential && { credential }) }
    const { id } = JSON.parse((await ask(cell(owner, token), 'POST', '/syncs', body)).text) as SyncView
    const one = { owner, person: TOKENS[token], book }
    made.set(id, one)
    const { state, tabs } = await untilEnded(cell(owner, token), id)
    if (state !== 'succeeded') throw new Error(`${owner} ${token}: ${state}`)
    fixtures.push({ ...one, id, marker, file: tabs[0]?.files[0]?.name })
  }
  return fixtures
}

async function makeSchedules({ made, ask }: World): Promise<{ id: string; made: Made; credential?: string }[]> {
  const schedules = []
  for (const [owner, book, credential] of [
    ['plain', ONE],
    ['plain', TWO],
    ['listed', ONE],
    ['agency', ONE, 'agency'],
    ['root', TWO, 'branch'],
  ] as const) {
    const request = { spreadsheet: book, ...(credential && { credential }) }
    const answer = await ask(cell(owner), 'POST', '/schedules', { name: owner, request, every: '1d' })
    const { id } = JSON.parse(answer.text) as { id: string }
    const one = { owner, person: null, book }
    made.set(id, one)
    schedules.push({ id, made: one, ...(credential && { credential }) })
  }
  return schedules
}

t.test('every address answers every key and every token as the model says', async (t) => {
  const world = await aWorld(t)
  const { routes, made, ask, open, holdBack, untilEnded } = world
  const operations = [...routes].filter((route) => !REFUSED.test(route) && !/ (?:\/docs|\*)/.test(route))
  const withoutMethods = operations.filter((route) => route in ROUTES)
  t.same(withoutMethods.sort(), Object.keys(ROUTES).sort(), 'each that the model has is there')
  // Whatever an address does not take is 405, which `refuseOtherMethods` adds as routes too.
  for (const route of operations.filter((one) => !(one in ROUTES))) {
    const [method = '', url = ''] = route.split(' ')
    const known = Object.keys(ROUTES).some((one) => one.endsWith(` ${url}`))
    const answer = await ask(cell('root'), method, url.replace(/:\w+/g, 'x'))
    t.match([known, answer.status], [true, 405], `${route} is in the model`)
  }
  /** One list stream of each who may have one, and what it was told. */
  const streams = CELLS.filter((one) => gate(one, 'read', '/syncs') === undefined)
  const told = await Promise.all(
    streams.map(async (one) => {
      const ids = new Set<string>()
      const answer = await open(one, 'GET', '/syncs/events')
      void (async () => {
        const decoder = new TextDecoder()
        for await (const chunk of answer.body ?? []) {
          const text = decoder.decode(chunk as Uint8Array)
          holdBack(one, { text }, `the stream of ${title(one)}`)
          for (const [, id = ''] of text.matchAll(/"id":"(sync-[^"]+)"/g)) ids.add(id)
        }
      })().catch(() => {})
      return { one, ids }
    }),
  )
  const fixtures = await makeFixtures(world)
  for (const { one, ids } of told) {
    const wanted = fixtures.filter((fixture) => sees(one, fixture)).map(({ id }) => id)
    // The last one may be under way.
    for (let tries = 0; ids.size < wanted.length && tries < 200; tries += 1) await delay(25)
    t.same([...ids].sort(), wanted.sort(), `the stream of ${title(one)}`)
  }
  const schedules = await makeSchedules(world)

  const first = fixtures[0] as Fixture
  const anyOf = { ...first, since: first.id }
  const hold = async (one: Cell, address: string, route: Route, target: Target, wanted: string) => {
    const [method = '', url = ''] = address.split(' ')
    const what = `${title(one)}: ${address} of ${JSON.stringify(made.get(target.id) ?? target.book)}`
    const request = [route.path?.(target) ?? url, route.body?.(target), route.headers] as const
    const answer = await ask(one, method, ...request)
    if (outcomeOf(answer) !== wanted) t.equal(outcomeOf(answer), wanted, what)
    holdBack(one, answer, what, target.id)
    if (method === 'GET' && target.id === first.id) {
      const head = await ask(one, 'HEAD', ...request)
      if (`${head.status}` !== wanted.slice(0, 3)) t.equal(`${head.status}`, wanted.slice(0, 3), `${what}: HEAD`)
    }
    return { answer, what }
  }
  for (const [address, route] of Object.entries(ROUTES)) {
    const url = address.split(' ')[1] ?? ''
    // What is open looks at neither.
    for (const one of route.scope === 'open'
      ? [cell('none'), cell('unknown', 'malformed'), cell('root', 'ann')]
      : CELLS) {
      const refused = gate(one, route.scope, url)
      if (refused !== undefined) {
        const body = { body: () => ({ spreadsheet: ONE, name: 'x', request: { spreadsheet: ONE }, every: '1d' }) }
        const isStart = route.subject.endsWith('start')
        const id = url.startsWith('/schedules') ? (schedules[0]?.id ?? '') : first.id
        if (isStart && url === '/syncs') body.body = () => ({ spreadsheet: ONE }) as never
        await hold(one, address, isStart ? { ...route, ...body } : route, { ...anyOf, id }, refused)
        continue
      }
      const seen = route.seen ?? '200'
      if (route.subject === 'nothing') {
        const { answer, what } = await hold(one, address, route, anyOf, seen)
        if (url !== '/syncs') continue
        const listed = (JSON.parse(answer.text) as { syncs: SyncView[] }).syncs.map(({ id }) => id)
        const all = fixtures.filter((fixture) => sees(one, fixture)).map(({ id }) => id)
        if (JSON.stringify(listed) !== JSON.stringify(all.reverse())) t.same(listed, all, `${what}: who is listed`)
      }
      if (route.subject === 'sync') {
        for (const fixture of fixtures) {
          await hold(one, address, route, fixture, sees(one, fixture) ? seen : '404 SYNC_NOT_FOUND')
        }
      }
      if (route.subject === 'book') {
        for (const book of BOOKS) {
          const visible = fixtures.filter((fixture) => fixture.book === book && sees(one, fixture))
          const newest = visible.at(-1)
          const target = { id: first.id, book, since: newest?.id }
          const { answer, what } = await hold(one, address, route, target, newest ? seen : '404 SNAPSHOT_NOT_FOUND')
          const others = fixtures.filter((fixture) => fixture !== newest)
          for (const { marker } of others) if (answer.text.includes(marker)) t.fail(`${what}: rows of ${marker}`)
          if (newest && /rows|query|:tab$/.test(url) && !answer.text.includes(newest.marker)) t.fail(`${what}: no rows`)
          if (!url.endsWith('/changes') || newest === undefined) continue
          for (const { id } of fixtures.filter((fixture) => !visible.includes(fixture))) {
            await hold(one, address, route, { ...target, id, since: id }, '404 SNAPSHOT_NOT_FOUND')
          }
        }
      }
      if (route.subject === 'schedule' && hasKey(one)) {
        for (const { id, made: its, credential } of schedules) {
          const isRun = url.endsWith('/run')
          const begun = isRun ? startOf(one, { book: its.book, credential }) : 'done'
          const wanted = !sees(one, its) ? '404 SCHEDULE_NOT_FOUND' : begun === 'done' ? seen : begun
          const { answer } = await hold(one, address, route, { id, book: its.book }, wanted)
          if (!isRun || answer.status !== 202) continue
          const sync = JSON.parse(answer.text) as SyncView
          made.set(sync.id, its)
          await untilEnded(one, sync.id)
        }
      }
    }
  }
})

t.test(
  'a download is started by whom, with what and for whom the model says, and goes to its owner alone',
  async (t) => {
    const world = await aWorld(t)
    const { made, ask, emulator, holdBack, untilEnded } = world
    const writers = CELLS.filter(hasKey).filter((one) => gate(one, 'write', '/syncs') === undefined)
    let asked = 0
    for (const one of writers) {
      for (const book of BOOKS) {
        // Which spreadsheet it is matters to one key.
        for (const credential of book === ONE || one.bearer === 'listed' ? CREDENTIALS : [undefined]) {
          for (const actAs of credential === undefined || credential === 'agency' ? PEOPLE : [undefined]) {
            const wanted = startOf(one, { book, credential, actAs })
            const what = `${title(one)}: ${JSON.stringify({ book, credential, actAs })}`
            const request = { spreadsheet: book, ...(credential && { credential }), ...(actAs && { actAs }) }
            const calls = emulator.count()
            const answer = await ask(one, 'POST', '/syncs', request)
            asked += 1
            if (outcomeOf(answer) !== (wanted === 'done' ? '202' : wanted)) t.equal(outcomeOf(answer), wanted, what)
            const its = { owner: one.bearer, person: TOKENS[one.token], book }
            if (answer.status === 202) {
              const { id } = JSON.parse(answer.text) as SyncView
              t.same(made.get(id) ?? its, its, `${what}: joined its own`)
              made.set(id, its)
            } else if (emulator.count() - calls > 1 && made.size === 0) t.fail(`${what}: Google was asked`)
            holdBack(one, answer, what)
            if (one.token !== 'none') continue
            const scheduled = await ask(one, 'POST', '/schedules', { name: 'x', request, every: '1d' })
            if (outcomeOf(scheduled) !== (wanted === 'done' ? '201' : wanted))
              t.equal(outcomeOf(scheduled), wanted, what)
            if (scheduled.status === 201) made.set((JSON.parse(scheduled.text) as { id: string }).id, its)
          }
        }
      }
    }
    t.ok(asked > 200 && made.size > 50, `${asked} were asked for, ${made.size} made`)
    for (const [id, { owner, person }] of made) {
      if (id.startsWith('schedule-') || !rightOf(owner).scopes.includes('read')) continue
      const token = writers.find((one) => one.bearer === owner && TOKENS[one.token] === person)?.token
      await untilEnded(cell(owner, token), id)
    }

    // A failed one is retried by whoever sees it and might start it.
    for (const book of BOOKS) emulator.setAccess(book, 'forbidden')
    for (const [owner, token, credential] of [
      ['plain', 'none'],
      ['agency', 'none', 'agency'],
      ['star', 'none', 'branch'],
      ['star', 'ann'],
      ['root', 'ben'],
    ] as const) {
      const body = { spreadsheet: ONE, ifActive: 'start', ...(credential && { credential }) }
      const { id } = JSON.parse((await ask(cell(owner, token), 'POST', '/syncs', body)).text) as SyncView
      const its = { owner, person: TOKENS[token], book: ONE }
      made.set(id, its)
      t.match(await untilEnded(cell(owner, token), id), { error: { code: 'SHEET_FORBIDDEN' } })
      for (const one of writers) {
        const wanted = sees(one, its)
          ? startOf(one, { book: ONE, credential }).replace('done', '202')
          : '404 SYNC_NOT_FOUND'
        const answer = await ask(one, 'POST', `/syncs/${id}/retry`)
        t.equal(outcomeOf(answer), wanted, `${title(one)} retries that of ${owner} with ${token}`)
        if (answer.status !== 202) continue
        const retried = JSON.parse(answer.text) as SyncView
        made.set(retried.id, its)
        await untilEnded(cell(owner, token), retried.id)
      }
    }
  },
)

t.test('each erases the rows that it sees, and no others', async (t) => {
  const world = await aWorld(t)
  const { ask } = world
  let left = await makeFixtures(world)
  // Whoever sees most comes last.
  for (const one of CELLS.filter((each) => gate(each, 'write', '/spreadsheets') === undefined)) {
    for (const book of BOOKS) {
      const gone = left.filter((fixture) => fixture.book === book && sees(one, fixture))
      const answer = await ask(one, 'DELETE', `/spreadsheets/${book}`)
      t.equal(outcomeOf(answer), gone.length > 0 ? '204' : '404 SNAPSHOT_NOT_FOUND', `${title(one)}: ${book}`)
      left = left.filter((fixture) => !gone.includes(fixture))
    }
  }
  t.same(left, [], 'nothing is out of everybody’s sight')
})

t.test('a credential that is not allowed is refused alike whether it exists or not', async (t) => {
  const { ask } = await aWorld(t)
  const told = ({ status, headers, text }: Answer) => {
    const { requestId } = JSON.parse(text) as { requestId: string }
    // The id of a request is longer by and by.
    const varying = new Set(['date', 'content-length', 'x-request-id'])
    return [status, [...headers].filter(([name]) => !varying.has(name)), text.replace(requestId, '')]
  }
  for (const bearer of ['plain', 'listed', 'agency', 'tenant', 'acting', 'boss'] as const) {
    for (const actAs of PEOPLE) {
      const asked = async (credential: string) => {
        const request = { spreadsheet: ONE, credential, ...(actAs && { actAs }) }
        const answers = [
          await ask(cell(bearer), 'POST', '/syncs', request),
          await ask(cell(bearer), 'POST', '/syncs', request, { 'idempotency-key': `${bearer} ${credential} ${actAs}` }),
          await ask(cell(bearer), 'POST', '/schedules', { name: 'x', request, every: '1d' }),
        ]
        for (const answer of answers) t.equal(outcomeOf(answer), '403 CREDENTIAL_NOT_ALLOWED')
        return answers.map(told)
      }
      t.same(await asked('branch'), await asked('ghost'), `${bearer}, ${actAs}`)
    }
  }
})

t.test('whether a credential is there is not looked up for who may not use it', async (t) => {
  let lookedUp = 0
  const service = new SyncService({
    storage: new MemoryStorage(),
    runner: { start: async () => {}, enqueue: async () => {}, notifyCancel: () => {}, close: async () => {} },
    clock: systemClock,
    statusTtlMs: 1000,
    requireCredential: async () => {
      lookedUp += 1
    },
  })
  const body = syncRequestBody.parse({ spreadsheet: ONE, credential: 'branch', ifActive: 'start' })
  const start = (caller: Caller) => service.start(body, caller)
  await t.rejects(start({ name: 'plain', seesAll: false }), { code: 'CREDENTIAL_NOT_ALLOWED' })
  t.equal(lookedUp, 0)
  await start({ name: 'star', seesAll: false, credentials: 'all' })
  t.equal(lookedUp, 1)
})
