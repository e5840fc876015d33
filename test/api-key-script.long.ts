import { execFile } from 'node:child_process'
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { findApiKey } from '../src/api-keys.ts'
import { parseKeysFile } from '../src/api-keys-file.ts'
import { ROOT } from './support/service.ts'
import { testFolder } from './support/test-folder.ts'

const KEY = /ssk_[A-Za-z0-9_-]{43}/g

async function run(...parameters: string[]) {
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/api-key.ts', ...parameters], { cwd: ROOT })
  return { text: stdout, key: stdout.match(KEY)?.[0] ?? '', keys: stdout.match(KEY)?.length ?? 0 }
}

const refused = (...parameters: string[]) =>
  run(...parameters).then(
    () => 'it was done',
    ({ code, stderr, stdout }) => `${code} ${stdout}${stderr}`,
  )

t.test('a file gets an entry for each name, whose key works and is shown once', async (t) => {
  const file = `${testFolder(t)}/keys.json`
  const read = async () => parseKeysFile(await readFile(file, 'utf8'))
  const first = await run('web', '--file', file)
  t.equal(first.keys, 1)
  t.equal((await stat(file)).mode & 0o777, 0o600)
  t.notMatch(await readFile(file, 'utf8'), /ssk_/)
  const rights = ['--credentials', 'default, agency', '--tokens', '--act-as']
  const url = 'https://docs.google.com/spreadsheets/d/2Cyj/edit#gid=0'
  const boss = await run('boss', 'admin', '--file', file, ...rights, '--spreadsheet', '1Bxi', '--spreadsheet', url)
  t.match((await read()).entries, [
    { name: 'web', scopes: ['read', 'write'] },
    {
      name: 'boss',
      scopes: ['admin'],
      spreadsheets: ['1Bxi', '2Cyj'],
      credentials: ['default', 'agency'],
      tokens: true,
      actAs: true,
    },
  ])
  t.equal(findApiKey((await read()).keys, boss.key)?.name, 'boss')

  await chmod(file, 0o644)
  const replaced = await run('web', 'read', '--file', file, '--credentials', '*')
  const { entries, keys } = await read()
  t.match(entries, [{ name: 'web', scopes: ['read'], credentials: '*' }, { name: 'boss' }])
  t.equal(findApiKey(keys, first.key), undefined)
  t.equal(findApiKey(keys, replaced.key)?.name, 'web')
  t.equal((await stat(file)).mode & 0o777, 0o600)
})

t.test('a key is rotated by two that work, then retired, and at last removed', async (t) => {
  const folder = testFolder(t)
  const [file, link] = [`${folder}/keys.json`, `${folder}/link.json`]
  await symlink('keys.json', link)
  const read = async () => parseKeysFile(await readFile(file, 'utf8')).keys
  await writeFile(file, '{"keys":[]}')
  const before = await run('web', '--file', link, '--act-as')
  const after = await run('web', '--file', link, '--rotate')
  for (const { key } of [before, after]) t.match(findApiKey(await read(), key), { name: 'web', mayActAs: true })
  t.equal((await run('web', '--file', link, '--retire')).keys, 0)
  t.equal(findApiKey(await read(), before.key), undefined)
  t.equal(findApiKey(await read(), after.key)?.name, 'web')
  await run('web', '--file', link, '--remove')
  t.same(await read(), [])
  t.same((await readdir(folder)).sort(), ['keys.json', 'link.json'])
})

t.test('what cannot be done is said, and leaves the file as it was', async (t) => {
  const folder = testFolder(t)
  const file = `${folder}/keys.json`
  t.match(await refused('web', '--tokens'), /^1 API_KEYS has no room for that; name a --file\.\nusage: /)
  t.match(await refused('web', '--rotate'), /^1 API_KEYS has no room/)
  t.match(await refused('web', '--nix'), /^1 .*--nix[\s\S]*usage: /)
  t.match(await refused('--file', file), /^1 usage: /)
  t.match(await refused('web', '--file', file, '--rotate'), /^1 .*has no entry of the name web$/m)
  t.match(await refused('web', 'read', '--file', file, '--remove'), /go with NAME and --file alone/)
  t.match(await refused('web', 'everything', '--file', file), /then keys\[0\]\.scopes\[0\] must be one of/)
  t.match(await refused('web', '--file', file, '--credentials', '../x'), /then keys\[0\]\.credentials\[0\] must/)
  t.same(await readdir(folder), [])
  await writeFile(file, '{"keys": hunter2')
  const answer = await refused('web', '--file', file)
  t.match(answer, /left as it was: it is not JSON/)
  t.notMatch(answer, /hunter2|ssk_/)
  t.equal(await readFile(file, 'utf8'), '{"keys": hunter2')
  await writeFile(file, '{"keys":[]}')
  await writeFile(`${file}.new`, '')
  t.match(
    await refused('web', '--file', file),
    /another edit is under way, or was cut off; in that case remove .*\.new/,
  )
  t.equal(await readFile(file, 'utf8'), '{"keys":[]}')
  t.match((await run('--help')).text, /^usage: npm run api-key/)
})
