import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Emulator } from '../emulator/emulator.ts'
import { tabFromRows } from '../emulator/workbook.ts'
import type { SyncView } from '../src/model/sync-view.ts'
import type { CredentialState } from '../src/ports/credentials.ts'
import { ApiClient, someKeys } from './support/callers.ts'
import {
  aDirectory,
  anEmulator,
  aService,
  aServiceProcess,
  environmentFor,
  finished,
  pollUntil,
  startSync,
} from './support/service.ts'

const ANN = 'ann@example.com'
const rows = Array.from({ length: 2000 }, (_, n) => [n, `text ${n}`])
const tabs = [0, 1, 2].map((gid) => tabFromRows(gid, `Tab ${gid}`, [['N', 'Text'], ...rows]))
const workbooks = ['agencys', 'branchs'].map((id) => ({ id, title: id, tabs }))

/** An emulator with a spreadsheet for each of two accounts, and the folder of their keys. */
async function twoAccounts(t: Test) {
  const emulator = await anEmulator(t, { workbooks, requireAuth: true })
  const folder = await aDirectory(t)
  for (const name of ['agency', 'branch']) {
    const key = emulator.serviceAccountKey(name, `project-${name}`)
    await writeFile(join(folder, `${name}.json`), JSON.stringify(key))
    emulator.share(`${name}s`, [key.client_email ?? ''])
  }
  const settings = { GOOGLE_CREDENTIALS: folder, GOOGLE_ACT_AS_DOMAINS: 'example.com' }
  return { emulator, folder, environment: { GOOGLE_API_ROOT_URL: emulator.rootUrl, ...settings } }
}

const run = async (url: string, credential: string, spreadsheet: string, more: object = {}): Promise<SyncView> => {
  const { id } = await startSync(url, { spreadsheet, credential, ...more })
  return pollUntil(url, id, finished)
}
const listed = async (url: string) =>
  ((await (await fetch(`${url}/credentials`)).json()) as { credentials: CredentialState[] }).credentials
const replaceKey = (emulator: Emulator, folder: string, name: string, by: string) =>
  writeFile(join(folder, `${name}.json`), JSON.stringify(emulator.serviceAccountKey(by)))

t.test('two credentials download side by side, each what is shared with its account', async (t) => {
  const { emulator, environment } = await twoAccounts(t)
  const { url } = await aService(t, environment)
  t.match(await listed(url), [
    { name: 'default' },
    { name: 'agency', health: 'unused' },
    { name: 'branch', health: 'unused' },
  ])
  const ended = await Promise.all([
    run(url, 'agency', 'agencys'),
    run(url, 'branch', 'branchs'),
    run(url, 'agency', 'branchs'),
    run(url, 'branch', 'agencys'),
  ])
  t.strictSame(
    ended.map(({ state, request }) => [request.credential, state]),
    [
      ['agency', 'succeeded'],
      ['branch', 'succeeded'],
      ['agency', 'failed'],
      ['branch', 'failed'],
    ],
  )
  const { client_email: email } = emulator.serviceAccountKey('agency', 'project-agency')
  t.match(ended[2]?.error, { code: 'SHEET_FORBIDDEN', hint: `Share the spreadsheet with ${email} as Viewer.` })
  t.match(await listed(url), [
    { name: 'default', kind: 'none' },
    {
      name: 'agency',
      account: email,
      kind: 'service-account',
      project: 'project-agency',
      health: 'ok',
      lastUsedAt: String,
    },
    { name: 'branch', project: 'project-branch', health: 'ok' },
  ])
})

t.test('a credential that there is not is refused before the 202, and no other is named', async (t) => {
  const { environment, folder } = await twoAccounts(t)
  const { url } = await aService(t, environment)
  const client = new ApiClient(url)
  const refused = await client.send('POST', '/syncs', { spreadsheet: 'agencys', credential: 'nobody' })
  t.equal(refused.status, 422)
  const text = await refused.text()
  t.match(JSON.parse(text), {
    code: 'CREDENTIAL_UNKNOWN',
    detail: 'There is no credential nobody.',
    hint: /GET \/credentials/,
  })
  t.notMatch(text, /agency\b|branch\b/)
  const schedule = { name: 'S', request: { spreadsheet: 'agencys', credential: 'nobody' }, every: '1h' }
  t.equal(await client.status('POST', '/schedules', schedule), 422)
  const kept = await client.send('POST', '/schedules', {
    ...schedule,
    request: { ...schedule.request, credential: 'agency' },
  })
  const { id } = (await kept.json()) as { id: string }
  t.equal(await client.status('PATCH', `/schedules/${id}`, { request: { credential: 'nobody' } }), 422)
  const failed = await run(url, 'agency', 'branchs')
  await rm(join(folder, 'agency.json'))
  t.equal(await client.status('POST', `/syncs/${failed.id}/retry`), 422)
  t.equal(await client.status('POST', `/schedules/${id}/run`), 422)
})

t.test('onChange is refused in the name of a person, and had with a key of the folder', async (t) => {
  const { environment } = await twoAccounts(t)
  const { url } = await aService(t, { ...environment, GOOGLE_API_KEY: 'an-api-key' })
  const client = new ApiClient(url)
  const answer = async (request: object) =>
    (
      await client.send('POST', '/schedules', {
        name: 'S',
        request: { spreadsheet: 'agencys', ...request },
        onChange: true,
      })
    ).json()
  t.match(await answer({ credential: 'agency', actAs: ANN }), {
    errors: [{ field: 'onChange', message: /actAs/, hint: /"every"/ }],
  })
  t.match(await answer({}), { errors: [{ field: 'onChange', message: /API key/ }] })
  t.match(await answer({ credential: 'agency' }), { id: String, onChange: true })
})

t.test('a key that is replaced in the middle of a sync is used from the next call on', async (t) => {
  const { emulator, folder, environment } = await twoAccounts(t)
  const { url } = await aService(t, environment)
  const second = emulator.serviceAccountKey('second').client_email
  // The second read of cells waits until the file is another, and longer than a file counts as unchanged.
  let isReplaced = false
  emulator.onCall(async ({ kind }) => {
    if (kind !== 'spreadsheets.get' || isReplaced) return
    isReplaced = true
    await replaceKey(emulator, folder, 'agency', 'second')
    emulator.share('agencys', [emulator.serviceAccountKey('agency', 'project-agency').client_email ?? '', second ?? ''])
    await new Promise((resolve) => setTimeout(resolve, 1100))
  })
  const sync = await run(url, 'agency', 'agencys')
  t.equal(sync.state, 'succeeded')
  const readers = emulator.calls.filter(({ kind }) => kind !== 'token').map(({ kind, account }) => `${kind} ${account}`)
  t.match(readers[0], /files\.get agency@/)
  t.ok(readers.includes(`values.batchGet ${second}`), readers.join())
  t.notOk(readers.some((reader) => reader.startsWith('values.batchGet agency@')))
})

t.test('a credential that is taken away while syncs wait for it ends them, and harms no other', async (t) => {
  const { emulator, folder, environment } = await twoAccounts(t)
  const { url } = await aService(t, { ...environment, SYNC_CONCURRENCY: '1' })
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  emulator.onCall(({ kind }) => (kind === 'files.get' ? held : undefined))
  const first = await startSync(url, { spreadsheet: 'branchs', credential: 'branch' })
  const queued = await startSync(url, { spreadsheet: 'agencys', credential: 'agency' })
  await rm(join(folder, 'agency.json'))
  await writeFile(join(folder, 'broken.json'), '{')
  // As long as a file counts as unchanged.
  await new Promise((resolve) => setTimeout(resolve, 1100))
  release()
  t.match(await pollUntil(url, queued.id, finished), {
    state: 'failed',
    error: { code: 'CREDENTIAL_UNKNOWN', status: 422, hint: /GOOGLE_CREDENTIALS/ },
  })
  t.match(await pollUntil(url, first.id, finished), { state: 'succeeded' })
  t.match(await run(url, 'broken', 'agencys'), {
    error: { code: 'GOOGLE_CREDENTIAL_INVALID', detail: /key file of the credential broken is no JSON/ },
  })
  t.match(await run(url, 'branch', 'branchs'), { state: 'succeeded' })
})

t.test('a credential that acts for a person reads what that person may see', async (t) => {
  const { emulator, environment } = await twoAccounts(t)
  const { url } = await aService(t, environment)
  emulator.share('branchs', [ANN])
  t.match(await run(url, 'agency', 'branchs', { actAs: 'Ann@Example.com' }), {
    error: {
      code: 'GOOGLE_CREDENTIAL_INVALID',
      detail: /unauthorized_client/,
      hint: /client id \d+ .*Domain-wide delegation/,
    },
  })
  emulator.delegate('agency', { domains: ['example.com'] })
  t.match(await run(url, 'agency', 'branchs', { actAs: ANN }), { state: 'succeeded', request: { actAs: ANN } })
  emulator.share('branchs', [])
  t.match(await run(url, 'agency', 'branchs', { actAs: ANN }), {
    error: { code: 'SHEET_FORBIDDEN', hint: /ann@example\.com/ },
  })
})

t.test('a key that names no credentials sees and lists default alone', async (t) => {
  const { environment } = await twoAccounts(t)
  const { setting, keys } = someKeys({ reader: ['read'], writer: ['write'] })
  const { url } = await aService(t, { ...environment, API_KEYS: setting })
  t.match(await new ApiClient(url, keys.reader).json('/credentials'), { credentials: [{ name: 'default' }] })
  t.strictSame((await new ApiClient(url, keys.reader).json<{ credentials: [] }>('/credentials')).credentials.length, 1)
  t.equal(await new ApiClient(url, keys.writer).status('GET', '/credentials'), 403)
})

t.test('secrets of the folder are nowhere: not in the log, in files, nor in answers', async (t) => {
  const { emulator, folder, environment } = await twoAccounts(t)
  const directory = await aDirectory(t)
  await writeFile(join(folder, 'person.json'), JSON.stringify(emulator.userCredentials(ANN)))
  await writeFile(join(folder, 'canary.json'), '{"type":"authorized_user","refresh_token":"canary-refresh"')
  const service = await aServiceProcess(t, { ...environmentFor(directory), ...environment, LOG_LEVEL: 'trace' })
  const answers: string[] = []
  for (const [credential, actAs] of [['agency'], ['branch', ANN], ['person'], ['canary'], ['default']]) {
    answers.push(
      JSON.stringify(await run(service.url, credential ?? '', 'agencys', actAs === undefined ? {} : { actAs })),
    )
  }
  answers.push(JSON.stringify(await listed(service.url)))
  t.match(answers.at(-1), /"health":"failing"/)
  const files = await readdir(directory, { recursive: true, withFileTypes: true })
  for (const file of files.filter((one) => one.isFile())) {
    answers.push(await readFile(join(file.parentPath, file.name), 'latin1'))
  }
  const everything = `${service.output()} ${answers.join(' ')}`
  t.match(everything, /credential cannot be used/)
  const secrets = ['agency', 'branch', 'person'].map(async (name) => {
    const key = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as Record<string, string>
    return [key.private_key?.split('\n')[5], key.refresh_token].filter((part) => part !== undefined)
  })
  for (const secret of [...(await Promise.all(secrets)).flat(), 'canary-refresh', 'ya29.', 'PRIVATE KEY', folder]) {
    t.notOk(everything.includes(secret), secret.slice(0, 12))
  }
  t.equal(await service.end('SIGTERM'), 0)
})

t.test('a start with two defaults stops, in one line', async (t) => {
  const { emulator, folder, environment } = await twoAccounts(t)
  await replaceKey(emulator, folder, 'default', 'demo')
  const settings = { ...environmentFor(await aDirectory(t)), ...environment, GOOGLE_API_KEY: 'canary-key' }
  await t.rejects(aServiceProcess(t, settings), {
    message:
      /ended with 1 .*cannot start: GOOGLE_API_KEY is set, and the folder GOOGLE_CREDENTIALS holds default\.json.* Unset GOOGLE_API_KEY/,
  })
})
