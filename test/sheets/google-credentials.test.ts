import { generateKeyPairSync } from 'node:crypto'
import { mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import { GoogleCredentials, type GoogleCredentialsOptions } from '../../src/sheets/google-credentials.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { aLog } from '../support/log-lines.ts'
import { aDirectory } from '../support/service.ts'

const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()
const key = (name: string, project = 'project-a') =>
  JSON.stringify({
    type: 'service_account',
    client_email: `${name}@${project}.iam.gserviceaccount.com`,
    client_id: '123456789012345678901',
    project_id: project,
    private_key: pem,
  })

const NO_SYMLINKS = { skip: process.platform === 'win32' && 'users may make no symlinks' }

/** A folder of key files, and the credentials that the settings and the folder make. */
async function someCredentials(
  t: Test,
  files: Readonly<Record<string, string>> = {},
  options: Partial<GoogleCredentialsOptions> = {},
) {
  const folder = await aDirectory(t)
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  const clock = new FakeClock()
  const credentials = new GoogleCredentials({ folder, clock, ...options })
  const emailOf = async (name: string) => (await credentials.find(name)).file?.account?.replace(/@.*/, '')
  const codeOf = (name: string) =>
    credentials.find(name).then(
      () => 'found',
      (error: AppError) => error.code,
    )
  const names = async () => (await credentials.list(() => true)).map(({ name }) => name)
  return { folder, clock, credentials, emailOf, codeOf, names, at: (file: string) => join(folder, file) }
}

t.test('each key file is a credential by its name; whatever else lies there is none', async (t) => {
  const { credentials, names, emailOf, codeOf, folder } = await someCredentials(t, {
    'agency.json': key('agency'),
    'client-2.eu.json': key('client2'),
    '.hidden.json': key('hidden'),
    '..data.json': key('data'),
    'Upper.json': key('upper'),
    'agency.json.bak': key('old'),
    'notes.txt': 'notes',
  })
  await mkdir(join(folder, '..2026_11_28'))
  t.strictSame(await names(), ['default', 'agency', 'client-2.eu'])
  t.equal(await emailOf('agency'), 'agency')
  for (const name of ['absent', '../agency', 'Upper', '.hidden', '..data', 'agency.json', '']) {
    t.equal(await codeOf(name), 'CREDENTIAL_UNKNOWN', name)
    await t.rejects(credentials.requireKnown(name), { code: 'CREDENTIAL_UNKNOWN' }, name)
  }
  await credentials.requireKnown('agency')
  await credentials.requireKnown('default')
  t.match(await credentials.list((name) => name === 'agency'), [
    {
      name: 'agency',
      account: 'agency@project-a.iam.gserviceaccount.com',
      kind: 'service-account',
      project: 'project-a',
      health: 'unused',
      error: null,
      lastUsedAt: null,
    },
  ])
})

t.test('a file that changes is read anew within a second, and the same one is not read again', async (t) => {
  const { credentials, clock, emailOf, at } = await someCredentials(t, { 'agency.json': key('first') })
  const before = await credentials.find('agency')
  clock.leap(10_000)
  t.equal(await credentials.find('agency'), before, 'the same object')
  await writeFile(at('agency.json'), key('second'))
  clock.leap(1000)
  t.equal(await emailOf('agency'), 'second', 'edited in its place')
  await writeFile(at('next'), key('third'))
  await rename(at('next'), at('agency.json'))
  clock.leap(1000)
  t.equal(await emailOf('agency'), 'third', 'replaced by another')
})

t.test('a mounted secret is swapped by a symlink of its folder', NO_SYMLINKS, async (t) => {
  const { clock, emailOf, names, at } = await someCredentials(t)
  for (const [version, email] of [
    ['..1', 'first'],
    ['..2', 'second'],
  ] as const) {
    await mkdir(at(version))
    await writeFile(join(at(version), 'agency.json'), key(email))
  }
  await symlink('..1', at('..data'))
  await symlink('..data/agency.json', at('agency.json'))
  t.equal(await emailOf('agency'), 'first')
  await symlink('..2', at('..data_tmp'))
  await rename(at('..data_tmp'), at('..data'))
  await rm(at('..1'), { recursive: true })
  clock.leap(1000)
  t.equal(await emailOf('agency'), 'second')
  t.strictSame(await names(), ['default', 'agency'])
})

t.test('credentials come and go without a restart', async (t) => {
  const { clock, codeOf, names, at, credentials } = await someCredentials(t)
  t.equal(await codeOf('agency'), 'CREDENTIAL_UNKNOWN')
  await writeFile(at('agency.json'), key('agency'))
  t.equal(await codeOf('agency'), 'found', 'at once')
  await rm(at('agency.json'))
  await t.rejects(credentials.requireKnown('agency'), { code: 'CREDENTIAL_UNKNOWN' }, 'no new sync')
  clock.leap(1000)
  t.equal(await codeOf('agency'), 'CREDENTIAL_UNKNOWN')
  t.strictSame(await names(), ['default'])
})

t.test('a file that is half written is waited for, and one that stays so is told with its name', async (t) => {
  const { clock, emailOf, credentials, at } = await someCredentials(t, { 'agency.json': key('first') })
  t.equal(await emailOf('agency'), 'first')
  await writeFile(at('agency.json'), key('second').slice(0, 300))
  clock.leap(1000)
  t.equal(await emailOf('agency'), 'first')
  clock.leap(5000)
  const error = { code: 'GOOGLE_CREDENTIAL_INVALID', message: 'The key file of the credential agency is no JSON.' }
  await t.rejects(credentials.find('agency'), { ...error, hint: /key file of the credential agency/ })
  await writeFile(at('agency.json'), key('second'))
  clock.leap(1000)
  t.equal(await emailOf('agency'), 'second')
})

t.test('one that is damaged is listed as failing and harms no other', async (t) => {
  const { credentials, at, codeOf, emailOf, folder } = await someCredentials(t, {
    'broken.json': '{"private_key":"canary-of-a-key',
    'large.json': key('large'),
    'right.json': key('right'),
  })
  await truncate(at('large.json'), 2_000_000)
  await mkdir(at('folder.json'))
  t.equal(await codeOf('broken'), 'GOOGLE_CREDENTIAL_INVALID')
  t.equal(await emailOf('right'), 'right')
  const listed = await credentials.list(() => true)
  t.match(listed, [
    { name: 'default', kind: 'none', health: 'unused' },
    {
      name: 'broken',
      kind: 'other',
      health: 'failing',
      error: { code: 'GOOGLE_CREDENTIAL_INVALID', detail: /no JSON/ },
    },
    { name: 'folder', health: 'failing', error: { detail: /is no file/ } },
    { name: 'large', health: 'failing', error: { detail: /larger than 1 MB/ } },
    { name: 'right', health: 'unused', error: null },
  ])
  t.notMatch(JSON.stringify(listed), new RegExp(`canary|PRIVATE KEY|${folder}`))
  const log = aLog()
  await credentials.warnOfFaults(log, false)
  t.equal(log.lines.length, 3)
  t.match(log.lines[0], /warn the Google credential cannot be used.*"credential":"broken"/)
  t.notMatch(log.lines.join('\n'), /canary/)
})

t.test('default is what the settings say, else a file of that name, else nothing', async (t) => {
  const path = join(await aDirectory(t), 'key.json')
  await writeFile(path, key('of-settings'))
  const bySettings = await someCredentials(
    t,
    { 'agency.json': key('agency') },
    { credentialFile: path, apiKey: 'canary' },
  )
  await bySettings.credentials.start()
  t.equal(await bySettings.emailOf('default'), 'of-settings')
  await writeFile(path, key('replaced'))
  bySettings.clock.leap(1000)
  t.equal(await bySettings.emailOf('default'), 'replaced', 'the file of the settings is followed too')
  const byKey = await someCredentials(t, {}, { apiKey: 'canary-api-key' })
  t.match(await byKey.credentials.list(() => true), [
    { name: 'default', kind: 'api-key', account: null, project: null },
  ])
  t.notMatch(JSON.stringify(await byKey.credentials.list(() => true)), /canary/)
  const byFile = await someCredentials(t, { 'default.json': key('of-folder') })
  await byFile.credentials.start()
  t.equal(await byFile.emailOf('default'), 'of-folder')
  t.strictSame(await byFile.names(), ['default'])
  for (const settings of [{ credentialFile: path }, { apiKey: 'canary' }]) {
    const both = await someCredentials(t, { 'default.json': key('of-folder') }, settings)
    const name = 'credentialFile' in settings ? 'GOOGLE_APPLICATION_CREDENTIALS' : 'GOOGLE_API_KEY'
    await t.rejects(both.credentials.start(), {
      message: new RegExp(`^${name} is set, .*default\\.json`),
      hint: /Unset/,
    })
  }
  const noFolder = new GoogleCredentials({ folder: join(path, 'nowhere'), clock: new FakeClock() })
  await noFolder.start()
  t.match(await noFolder.list(() => true), [{ name: 'default', kind: 'none' }])
  const log = aLog()
  await noFolder.warnOfFaults(log, true)
  t.match(log.lines, [/GOOGLE_CREDENTIALS names a file.*ENOTDIR/])
})

t.test('health is that of the latest use, and does not tell whom a credential acted for', async (t) => {
  const { credentials, clock } = await someCredentials(t, { 'agency.json': key('agency') })
  const health = async () => (await credentials.list((name) => name === 'agency'))[0]
  credentials.noteUse('agency', undefined)
  t.match(await health(), { health: 'ok', error: null, lastUsedAt: clock.now().toISOString() })
  clock.leap(60_000)
  const failure = new AppError('GOOGLE_CREDENTIAL_INVALID', 'Not for ann@example.com.', {
    hint: 'Ask ann@example.com.',
  })
  credentials.noteUse('agency', failure, 'ann@example.com')
  t.match(await health(), {
    health: 'failing',
    error: {
      code: 'GOOGLE_CREDENTIAL_INVALID',
      detail: 'Not for a person.',
      hint: 'Ask a person.',
      at: clock.now().toISOString(),
    },
  })
  credentials.noteUse('agency', undefined)
  t.match(await health(), { health: 'ok', error: null })
})
