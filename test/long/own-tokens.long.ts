import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { syntheticWorkbook } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { aRedisServer } from '../support/own-servers.ts'
import { ANN, anEmulatorOfPeople, aTokenKey, BOB, BOOK, TokenClient } from '../support/own-tokens.ts'
import { aDatabaseUrl, isThere } from '../support/queue-servers.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor } from '../support/service.ts'
import { contentsOf } from '../support/storage-contents.ts'

/** Where a service keeps its syncs. */
const STORAGES = {
  files: async (t: Test) => `file:${await aDirectory(t)}/sync-status`,
  redis: async (t: Test) => (await aRedisServer(t)).url,
  postgres: aDatabaseUrl,
} as const

/** A sealed token, whoever sealed it. */
const SEALED = /v1\.[\w-]{8}\.[\w-]{20}/

/** Whether a sealed token is kept there. `match` would make a diff of all that is kept, each time. */
const isSealed = async (url: string) => SEALED.test(await contentsOf(url))

async function untilFinished(client: TokenClient, id: string): Promise<SyncView> {
  for (;;) {
    const { status, body } = await client.answer<SyncView>('GET', `/syncs/${id}`, undefined, { prefer: 'wait=20' })
    if (status !== 200) throw new Error(`GET /syncs/${id}: ${status} ${JSON.stringify(body)}`)
    if (body.finishedAt !== null) return body
  }
}

for (const kind of ['redis', 'postgres'] as const) {
  const skip = (await isThere(kind)) ? false : `no ${kind} here`
  t.test(`a user's own token reaches a worker through ${kind}, and stays nowhere`, { skip }, async (t) => {
    const emulator = await anEmulatorOfPeople(t)
    const url = await STORAGES[kind](t)
    const key = aTokenKey()
    const environment = {
      ...environmentFor(await aDirectory(t)),
      STORAGE_URL: url,
      SWEEP_INTERVAL: '200ms',
      STATUS_TTL: '1s',
      HISTORY_TTL: '1d',
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
      TOKEN_KEY: key,
    }
    const api = await aServiceProcess(t, { ...environment, ROLE: 'api' })
    const canary = 'odd-canary/token.8471'
    emulator.userToken({ email: ANN, accessToken: canary })
    const ann = new TokenClient(api.url, undefined, canary)
    const { id } = await ann.start({ spreadsheet: BOOK })
    const before = await contentsOf(url)
    const [sealed = ''] = /v1\.[\w-]{8}\.[\w-]+/.exec(before) ?? []
    t.ok(sealed.length > 60, 'it is sealed until a worker comes')
    t.notOk(before.includes(canary))

    const { TOKEN_KEY: _none, ...keyless } = environment
    const other = await aServiceProcess(t, { ...keyless, ROLE: 'worker' })
    const failed = await untilFinished(ann, id)
    t.match(failed, { state: 'failed', attempt: 1, error: { code: 'TOKEN_UNREADABLE', hint: /same TOKEN_KEY/ } })
    t.equal(await other.end('SIGTERM'), 0)

    await aServiceProcess(t, { ...environment, ROLE: 'worker' })
    const retried = await ann.answer<SyncView>('POST', `/syncs/${id}/retry`)
    t.equal(retried.status, 202)
    t.match(await untilFinished(ann, retried.body.id), { state: 'succeeded', ownToken: true })
    t.same(await ann.json(`/spreadsheets/${BOOK}/tabs/People`), [{ Name: 'Ada' }, { Name: 'Grace' }])
    const bob = new TokenClient(api.url, undefined, emulator.userToken({ email: BOB }).access_token)
    t.same(await bob.json('/syncs'), { syncs: [], nextPageToken: null })
    t.equal(await bob.status('GET', `/spreadsheets/${BOOK}/tabs/People`), 404)

    // Until the history has them: their status is forgotten by then.
    for (;;) {
      const sync = await ann.json<SyncView>(`/syncs/${retried.body.id}`)
      if (Date.parse(sync.expiresAt ?? '') + 1000 < Date.now()) break
      await delay(100)
    }
    t.match(await ann.json(`/syncs/${id}`), { id, ownToken: true })
    const after = await contentsOf(url)
    t.ok(after.includes(id), 'they are in the history')
    t.notOk(after.includes(sealed))
    t.notOk(SEALED.test(after))
    for (const text of [after, api.output(), other.output()]) t.notOk(text.includes(canary) || text.includes(key))
  })
}

const LARGE = 'large'
const ROWS = 40_000
/** Reads of cells that a token is good for. */
const READS_BEFORE_END = 3

for (const kind of ['files', 'redis', 'postgres'] as const) {
  const skip = kind === 'files' || (await isThere(kind)) ? false : `no ${kind} here`
  t.test(`a token that ends in mid-sync is followed by another of the same user, on ${kind}`, { skip }, async (t) => {
    const workbooks = [syntheticWorkbook({ id: LARGE, rows: ROWS, columns: 10 })]
    const emulator = await anEmulator(t, { requireAuth: true, workbooks })
    const url = await STORAGES[kind](t)
    const directory = await aDirectory(t)
    const environment = {
      ...environmentFor(directory),
      STORAGE_URL: url,
      ...(kind === 'files' ? { HISTORY_URL: `${url}/history` } : {}),
      // A sweep while a draft is moved to its retry removes it, and all is downloaded anew.
      SWEEP_INTERVAL: '1h',
      HISTORY_TTL: '1d',
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
      TOKEN_KEY: aTokenKey(),
    }
    const roles = kind === 'files' ? ['all'] : ['api', 'worker']
    const [first] = await Promise.all(roles.map((ROLE) => aServiceProcess(t, { ...environment, ROLE })))
    const clientOf = (email: string, expiresAfterCalls?: number) =>
      new TokenClient(first?.url ?? '', undefined, emulator.userToken({ email, expiresAfterCalls }).access_token)
    const body = { spreadsheet: LARGE, formats: ['ndjson' as const], ifActive: 'start' as const }
    const rowsOf = async (client: TokenClient, { tabs }: SyncView) => {
      const answer = await client.send('GET', tabs[0]?.files[0]?.href ?? '')
      t.equal(answer.status, 200)
      return createHash('sha256')
        .update(await answer.text())
        .digest('hex')
    }
    const reads = () => emulator.count('values.batchGet')
    const cellsRead = () => emulator.calls.reduce((sum, call) => sum + call.cells, 0)

    const ann = clientOf(ANN)
    const whole = await untilFinished(ann, (await ann.start(body)).id)
    t.equal(whole.state, 'succeeded')
    const [wholeReads, rows] = [reads(), await rowsOf(ann, whole)]

    const cells = cellsRead()
    const before = emulator.calls.findIndex(({ kind }) => kind === 'values.batchGet')
    // Those that come after the end are told so once what came before is written.
    const stopHolding = emulator.onCall(({ kind }) =>
      kind === 'values.batchGet' && reads() > wholeReads + READS_BEFORE_END ? delay(10_000) : undefined,
    )
    const ending = clientOf(ANN, before + READS_BEFORE_END)
    const failed = await untilFinished(ending, (await ending.start(body)).id)
    stopHolding()
    t.match(failed, { state: 'failed', error: { code: 'GOOGLE_TOKEN_EXPIRED', status: 401, retryable: true } })
    t.equal(await clientOf(BOB).status('POST', `/syncs/${failed.id}/retry`), 404)
    const nobody = new TokenClient(first?.url ?? '', undefined, undefined)
    t.equal(await nobody.status('POST', `/syncs/${failed.id}/retry`), 404)
    t.notOk(await isSealed(url), 'nothing of the token is kept with what it has read')

    emulator.resetCalls()
    const retry = async (client: TokenClient) =>
      (await client.answer<SyncView>('POST', `/syncs/${failed.id}/retry`)).body
    const retries = await Promise.all([retry(clientOf(ANN)), retry(clientOf(ANN))])
    for (const { id } of retries) {
      const retried = await untilFinished(ann, id)
      t.match(retried, { state: 'succeeded', retryOf: failed.id, ownToken: true })
      t.ok(retried.tabs[0]?.files[0]?.href.includes(id), 'under the new id')
      t.equal(await rowsOf(ann, retried), rows)
      t.equal(await clientOf(BOB).status('GET', `/syncs/${id}`), 404)
    }
    t.not(retries[0]?.id, retries[1]?.id)
    const { syncId } = await ann.json<{ syncId: string }>(`/spreadsheets/${LARGE}`)
    t.ok(retries.some(({ id }) => id === syncId))
    const left = ROWS - failed.progress.rowsDone
    t.ok(left > 0 && left < ROWS, `${left} rows are left`)
    t.equal(cellsRead(), cells + (cells / ROWS) * left, 'one reads what is left, the other all')
    t.equal(await ann.status('GET', `/syncs/${failed.id}/files`), 409)
    t.notOk(await isSealed(url))
  })

  t.test(`however a sync ends, nothing of its sealed token is kept, on ${kind}`, { skip }, async (t) => {
    const emulator = await anEmulatorOfPeople(t)
    const url = await STORAGES[kind](t)
    const environment = {
      ...environmentFor(await aDirectory(t)),
      STORAGE_URL: url,
      ...(kind === 'files' ? { HISTORY_URL: `${url}/history` } : {}),
      SWEEP_INTERVAL: '200ms',
      HISTORY_TTL: '1d',
      STATUS_TTL: '3s',
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
    }
    const key = aTokenKey()
    const before = await aServiceProcess(t, { ...environment, TOKEN_KEY: key })
    const { access_token: token } = emulator.userToken({ email: ANN })
    const ann = new TokenClient(before.url, undefined, token)
    const start = (body: object = {}, headers = {}) =>
      ann.answer<SyncView>('POST', '/syncs', { spreadsheet: BOOK, ifActive: 'start', ...body }, headers)
    const hang = () => emulator.fail({ on: { kind: 'values.batchGet', times: 'always' }, do: { kind: 'hang' } })

    const succeeded = (await start({}, { 'idempotency-key': 'once' })).body.id
    t.match(await untilFinished(ann, succeeded), { state: 'succeeded' })
    emulator.setAccess(BOOK, 'forbidden')
    const failed = (await start()).body.id
    t.match(await untilFinished(ann, failed), { state: 'failed' })
    const deleted = (await start()).body.id
    await untilFinished(ann, deleted)
    t.equal(await ann.status('DELETE', `/syncs/${deleted}`), 204)
    emulator.setAccess(BOOK, 'ok')
    hang()
    const cancelled = (await start()).body.id
    while (emulator.count('values.batchGet') < 2) await delay(10)
    t.equal(await ann.status('POST', `/syncs/${cancelled}/cancel`), 202)
    t.match(await untilFinished(ann, cancelled), { state: 'cancelled' })
    t.notOk(await isSealed(url))

    const interrupted = (await start()).body.id
    while (emulator.count('values.batchGet') < 3) await delay(10)
    t.ok(await isSealed(url), 'a sync that goes on has it')
    t.equal(await before.end('SIGTERM'), 0)
    t.ok(await isSealed(url))
    emulator.clearFaults()
    emulator.expireToken(token)
    const after = await aServiceProcess(t, { ...environment, TOKEN_KEY: key })
    const again = new TokenClient(after.url, undefined, emulator.userToken({ email: ANN }).access_token)
    const ended = await untilFinished(again, interrupted)
    t.match(ended, { state: 'failed', attempt: 2, error: { code: 'GOOGLE_TOKEN_EXPIRED' } })
    t.notOk(await isSealed(url))
    while (Date.parse(ended.expiresAt ?? '') + 1000 > Date.now()) await delay(100)
    const contents = await contentsOf(url)
    for (const id of [succeeded, failed, cancelled, interrupted]) {
      t.match(await again.answer('GET', `/syncs/${id}`), { status: 200, body: { id } }, 'the history has it')
      t.ok(contents.includes(id))
    }
    t.notOk(SEALED.test(contents))
    t.notOk(contents.includes(token))
  })
}
