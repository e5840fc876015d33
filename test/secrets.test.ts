import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { tabFromRows } from '../emulator/workbook.ts'
import { createApiKey } from '../src/api-keys.ts'
import { describeError } from '../src/logger.ts'
import {
  aDirectory,
  anEmulator,
  aServiceProcess,
  environmentFor,
  finished,
  pollUntil,
  startSync,
} from './support/service.ts'

const ID = '1Secrets-0123456789_abcdefghijklmnopqrstuvwx'
const CANARY = 'canary-7f3a9c'

/** Runs syncs to their end with every log line on, and looks for the canary in all that was said and written. */
async function nothingLeaks(t: Test, environment: Record<string, string>): Promise<void> {
  const directory = await aDirectory(t)
  const service = await aServiceProcess(t, {
    ...environmentFor(directory),
    LOG_LEVEL: 'trace',
    SYNC_DEADLINE: '2s',
    ...environment,
  })
  const { id } = await startSync(service.url, { spreadsheet: ID })
  const sync = await pollUntil(service.url, id, finished)
  await fetch(`${service.url}/nope?key=${CANARY}`, { headers: { authorization: `Bearer ${CANARY}`, cookie: CANARY } })
  t.equal(await service.end('SIGTERM'), 0)
  t.notMatch(JSON.stringify(sync), CANARY, 'the answer')
  t.notMatch(service.output(), CANARY, 'the log')
  for (const name of await readdir(directory, { recursive: true })) {
    const path = `${directory}/${name}`
    if ((await stat(path)).isFile()) t.notMatch(await readFile(path, 'utf8'), CANARY, name)
  }
}

t.test('an API key is in no log, status file, snapshot or error, whatever Google answers', async (t) => {
  const workbook = { id: ID, title: 'Secret', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }
  for (const access of ['ok', 'forbidden', 'missing'] as const) {
    await t.test(access, async (t) => {
      const emulator = await anEmulator(t, { workbooks: [workbook] })
      emulator.setAccess(ID, access)
      await nothingLeaks(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_API_KEY: CANARY })
    })
  }
  await t.test('unreachable', (t) =>
    nothingLeaks(t, { GOOGLE_API_ROOT_URL: 'http://127.0.0.1:9/', GOOGLE_API_KEY: CANARY }),
  )
  await t.test('broken answers', async (t) => {
    const emulator = await anEmulator(t, { workbooks: [workbook] })
    for (const fault of [{ kind: 'reset' }, { kind: 'cut' }, { kind: 'html' }, { status: 500 }] as const)
      emulator.fail({ do: fault })
    await nothingLeaks(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_API_KEY: CANARY })
  })
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
