import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { tabFromRows } from '../emulator/workbook.ts'
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
