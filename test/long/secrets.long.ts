import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import type { Emulator } from '../../emulator/emulator.ts'
import { tabFromRows } from '../../emulator/workbook.ts'
import { createApiKey } from '../../src/api-keys.ts'
import { describeError } from '../../src/logger.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import {
  aDirectory,
  anEmulator,
  aServiceProcess,
  environmentFor,
  finished,
  pollUntil,
  startSync,
} from '../support/service.ts'

const ID = '1Secrets-0123456789_abcdefghijklmnopqrstuvwx'
const CANARY = 'canary-7f3a9c'

/** What an emulator is to do wrong before a sync is started. */
type Trouble = () => void

/**
 * Runs one sync after each trouble to its end with every log line on, and looks for the canaries in all that was said and
 * written. Resolves to the syncs as they ended.
 */
async function nothingLeaks(
  t: Test,
  environment: Record<string, string>,
  { canaries = [CANARY], troubles = [() => {}] }: { canaries?: readonly string[]; troubles?: readonly Trouble[] } = {},
): Promise<SyncView[]> {
  const directory = await aDirectory(t)
  const service = await aServiceProcess(t, {
    ...environmentFor(directory),
    LOG_LEVEL: 'trace',
    SYNC_DEADLINE: '2s',
    ...environment,
  })
  const syncs: SyncView[] = []
  const answers: string[] = []
  for (const trouble of troubles) {
    trouble()
    const { id } = await startSync(service.url, { spreadsheet: ID })
    const ended = await pollUntil(service.url, id, (sync) => {
      answers.push(JSON.stringify(sync))
      return finished(sync)
    })
    syncs.push(ended)
  }
  await fetch(`${service.url}/nope?key=${CANARY}`, { headers: { authorization: `Bearer ${CANARY}`, cookie: CANARY } })
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  t.equal(await service.end('SIGTERM'), 0)
  const said: Record<string, string> = { 'the answers': answers.join('\n'), 'the log': service.output(), metrics }
  for (const name of await readdir(directory, { recursive: true })) {
    const path = `${directory}/${name}`
    if ((await stat(path)).isFile()) said[name] = await readFile(path, 'utf8')
  }
  for (const [where, text] of Object.entries(said)) {
    const leaked = canaries.filter((canary) => text.includes(canary))
    t.strictSame(leaked, [], where)
  }
  return syncs
}

t.test('an API key is in no log, status file, snapshot or error, whatever Google answers', async (t) => {
  const workbook = { id: ID, title: 'Secret', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }
  await t.test('answers of every kind', async (t) => {
    const emulator = await anEmulator(t, { workbooks: [workbook] })
    const broken = () => {
      emulator.setAccess(ID, 'ok')
      for (const fault of [{ kind: 'reset' }, { kind: 'cut' }, { kind: 'html' }, { status: 500 }] as const)
        emulator.fail({ do: fault })
    }
    const accesses = (['ok', 'forbidden', 'missing'] as const).map((access) => () => emulator.setAccess(ID, access))
    const syncs = await nothingLeaks(
      t,
      { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_API_KEY: CANARY, SYNC_DEADLINE: '6s' },
      { troubles: [...accesses, broken] },
    )
    t.match(syncs, [{ state: 'succeeded' }, { state: 'failed' }, { state: 'failed' }, { id: String }])
  })
  await t.test('unreachable', (t) =>
    nothingLeaks(t, { GOOGLE_API_ROOT_URL: 'http://127.0.0.1:9/', GOOGLE_API_KEY: CANARY }),
  )
})

t.test('a credential file is in no log, status file, snapshot or error', async (t) => {
  const emulator = await anEmulator(t, { requireAuth: true })
  const path = `${await aDirectory(t)}/credential.json`
  const files = [
    JSON.stringify({ ...emulator.userCredentials(), refresh_token: CANARY, client_secret: CANARY }),
    JSON.stringify({
      ...emulator.serviceAccountKey(),
      private_key: `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----\n`,
    }),
    `{"private_key":"${CANARY}`,
  ]
  for (const file of files) {
    await writeFile(path, file)
    await nothingLeaks(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_APPLICATION_CREDENTIALS: path })
  }
})

/** Every form in which an upstream may give back what it was sent, the secret parts of which are looked for. */
function echoOf(secrets: readonly string[]): { readonly text: string; readonly canaries: string[] } {
  const base64 = secrets.map((secret) => Buffer.from(secret).toString('base64'))
  const url = secrets.map((secret) => `https://x.example/v4?key=${encodeURIComponent(secret)}&b=2`)
  const text = `${[...secrets, ...base64, ...url].join(' and ')} have been suspended.`
  const lines = [...secrets, ...base64].flatMap((secret) => secret.split('\n'))
  return { text, canaries: lines.filter((line) => line.length > 8 && !line.startsWith('-----')) }
}

t.test('what an upstream echoes of the credential is in no log, status file, manifest, metric or error', async (t) => {
  const workbook = { id: ID, title: 'Secret', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }
  /** Errors of every kind, each of which says all that it can. The first download succeeds nevertheless. */
  const echoes = (emulator: Emulator, text: string): Trouble[] => {
    const headers = { 'x-echo': encodeURIComponent(text), 'www-authenticate': `Bearer ${encodeURIComponent(text)}` }
    const answer = (status: number, reason = text) => {
      const message = `Permission denied: Consumer 'api_key:${text}'`
      const error = { code: status, status: text, message, errors: [{ reason }], details: [{ reason, domain: text }] }
      return { status, headers, body: JSON.stringify({ error }) }
    }
    return [
      () => {
        emulator.fail({ on: { kind: 'files.get', times: 'always' }, do: answer(403) })
        emulator.fail({ on: { kind: 'spreadsheets.get' }, do: answer(500) })
        emulator.fail({ on: { kind: 'values.batchGet' }, do: answer(503) })
      },
      ...[answer(403, 'CONSUMER_SUSPENDED'), answer(403), answer(401), answer(404), answer(418), answer(500)].map(
        (action) => () => {
          emulator.clearFaults()
          emulator.fail({ on: { kind: 'spreadsheets.get', times: 'always' }, do: action })
        },
      ),
      () => {
        emulator.clearFaults()
        const body = JSON.stringify({ valueRanges: [{ range: text }] })
        emulator.fail({ on: { kind: 'values.batchGet', times: 'always' }, do: { status: 200, headers, body } })
      },
    ]
  }
  const states = ['succeeded', ...Array(7).fill('failed')]

  await t.test('an API key', async (t) => {
    const emulator = await anEmulator(t, { workbooks: [workbook], requireAuth: true })
    // One that is known by its value only, and one that is known by its form.
    const key = 'CanaryWithoutTheFormOfAKey'
    const { text, canaries } = echoOf([key, 'AIzaSyA0000000000000000000000000000000x'])
    const syncs = await nothingLeaks(
      t,
      { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_API_KEY: key, SYNC_DEADLINE: '6s' },
      { canaries, troubles: echoes(emulator, text) },
    )
    t.strictSame(
      syncs.map(({ state }) => state),
      states,
    )
    t.match(syncs[1]?.error, { code: 'GOOGLE_CREDENTIAL_INVALID', detail: /Consumer 'api_key:\[redacted\] and / })
  })

  await t.test('a service account', async (t) => {
    const emulator = await anEmulator(t, { workbooks: [workbook], requireAuth: true })
    const path = `${await aDirectory(t)}/key.json`
    const key = emulator.serviceAccountKey()
    await writeFile(path, JSON.stringify(key))
    const { text, canaries } = echoOf([key.private_key ?? '', `ya29.${CANARY}0123456789`])
    const body = JSON.stringify({ error: 'invalid_grant', error_description: `Invalid JWT: ${text}` })
    const refusedGrant = () => emulator.fail({ on: { kind: 'token', times: 'always' }, do: { status: 400, body } })
    const environment = { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_APPLICATION_CREDENTIALS: path }
    const syncs = await nothingLeaks(
      t,
      { ...environment, SYNC_DEADLINE: '6s' },
      { canaries, troubles: echoes(emulator, text) },
    )
    t.strictSame(
      syncs.map(({ state }) => state),
      states,
    )
    const [refused] = await nothingLeaks(t, environment, { canaries, troubles: [refusedGrant] })
    t.match(refused?.error, { code: 'GOOGLE_CREDENTIAL_INVALID', detail: /invalid_grant.*\[redacted\]/ })
  })
})

t.test('a setting that is no path stops the start in one line, and is not printed', async (t) => {
  const file = JSON.stringify({ type: 'service_account', private_key: CANARY })
  for (const content of [file, Buffer.from(file).toString('base64'), `-----BEGIN PRIVATE KEY-----\n${CANARY}`]) {
    const start = aServiceProcess(t, {
      ...environmentFor(await aDirectory(t)),
      GOOGLE_APPLICATION_CREDENTIALS: content,
    })
    const { message } = (await start.catch((error: Error) => error)) as Error
    t.match(message, /these settings are wrong:\n {2}GOOGLE_APPLICATION_CREDENTIALS must be the path .*\n$/)
    t.notMatch(message, CANARY)
    t.notOk(message.includes(content))
  }
})

t.test('an API key of ours, true or wrong, is in no log, status file, snapshot or answer', async (t) => {
  const emulator = await anEmulator(t, {
    workbooks: [{ id: ID, title: 'Secret', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }],
  })
  const directory = await aDirectory(t)
  const known = createApiKey('team', ['read', 'write'])
  const reader = createApiKey('reader', ['read'])
  const unknown = createApiKey('stranger', ['admin'])
  const service = await aServiceProcess(t, {
    ...environmentFor(directory),
    LOG_LEVEL: 'trace',
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    API_KEYS: `${known.entry},${reader.entry}`,
    RATE_LIMIT: '40',
  })
  const said: string[] = []
  const ask = async (method: string, path: string, authorization: string, body?: string) => {
    const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const answer = await fetch(`${service.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
    said.push(JSON.stringify([...answer.headers]), await answer.text())
    return answer
  }
  await ask('POST', '/syncs', `Bearer ${known.key}`, `{"spreadsheet":"${ID}"}`)
  const { id } = JSON.parse(said.at(-1) ?? '')
  do await ask('GET', `/syncs/${id}`, `Bearer ${known.key}`)
  while (JSON.parse(said.at(-1) ?? '').finishedAt === null)
  const bearers = [known, reader, unknown].flatMap(({ key }) => [`Bearer ${key}`, key, `Basic ${key}`])
  for (const authorization of bearers) {
    await ask('POST', `/syncs/${id}/cancel`, authorization)
    await ask('POST', '/syncs', authorization, '{"spreadsheet":')
    await ask('DELETE', `/syncs/${id}x`, authorization)
  }
  for (const { key } of [known, unknown]) {
    await ask('POST', `/nope?access_token=${key}&x=${key}`, '')
    await ask('DELETE', `/syncs/${key}`, '')
  }
  while ((await ask('GET', '/syncs', `Bearer ${known.key}`)).status !== 429);
  t.equal(await service.end('SIGTERM'), 0)
  const secrets = [known, reader, unknown].flatMap(({ key, entry }) => [key, entry.split(':')[2] ?? ''])
  const whereTheyMayNotBe = { answers: said.join('\n'), log: service.output() }
  for (const secret of secrets) {
    for (const [where, text] of Object.entries(whereTheyMayNotBe)) t.notOk(text.includes(secret), where)
    for (const name of await readdir(directory, { recursive: true })) {
      const path = `${directory}/${name}`
      if ((await stat(path)).isFile()) t.notOk((await readFile(path, 'utf8')).includes(secret), name)
    }
  }
})

t.test('a logged error is told without the fields a vendor hung on it, and without keys in its words', async (t) => {
  const cause = Object.assign(new Error(`GET https://x.example/?a=1&key=${CANARY}&b=2 failed`), {
    config: { headers: { authorization: CANARY } },
  })
  const told = JSON.stringify(
    describeError(Object.assign(new Error('outer', { cause }), { code: 'E1', config: { token: CANARY } })),
  )
  t.match(told, /outer.*b=2 failed/)
  t.match(told, /"code":"E1"/)
  t.notMatch(told, CANARY)
  t.notMatch(JSON.stringify(describeError(`Authorization: Bearer ${CANARY}`)), CANARY)
})
