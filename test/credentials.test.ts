import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { ApiClient, someKeys } from './support/callers.ts'
import { aService, finished, pollUntil, startSync } from './support/service.ts'
import { ANN, listed, replaceKey, run, twoAccounts } from './support/two-accounts.ts'

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
