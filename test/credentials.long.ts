import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { aDirectory, aServiceProcess, environmentFor } from './support/service.ts'
import { ANN, listed, replaceKey, run, twoAccounts } from './support/two-accounts.ts'

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
