import { execFileSync } from 'node:child_process'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import t from 'tap'
import { someEntries } from './support/callers.ts'
import { aKeyedProcess, content, until } from './support/keyed-process.ts'
import { aDirectory } from './support/service.ts'

const ID = '1KeysOfAFile-0123456789_abcdefghijklmnopqrstu'

t.test('a key that is added to the file works, and one that is taken out does not, without a restart', async (t) => {
  const { entries, keys } = someEntries({ one: {}, two: {}, three: { scopes: ['read'] } })
  const { file, status, client, output } = await aKeyedProcess(t, content(entries.one))
  t.same(await Promise.all([status(), status(keys.one), status(keys.two)]), [401, 200, 401])

  await writeFile(file, content(entries.one, entries.two))
  await until(async () => (await status(keys.two)) === 200)
  t.equal(await status(keys.one), 200)

  await writeFile(`${file}.new`, content(entries.two, entries.three))
  await rename(`${file}.new`, file)
  await until(async () => (await status(keys.one)) === 401)
  t.equal(await status(keys.three), 200)
  t.equal(await client(keys.three).status('POST', '/syncs', { spreadsheet: ID }), 403)
  t.match(output(), /"keys":2,"in":\["three"\],"out":\["one"\],"msg":"API_KEYS_FILE was read anew"/)

  await writeFile(file, content())
  await until(async () => (await status(keys.three)) === 401)
  t.same([await status(keys.two), await status()], [401, 401], 'without a key it is closed, not open')
  await writeFile(file, content(entries.one))
  await until(async () => (await status(keys.one)) === 200)
})

t.test('a version that cannot be used leaves the keys as they were, and is logged once', async (t) => {
  const { entries, keys } = someEntries({ one: {}, two: {} })
  const { file, status, output, client } = await aKeyedProcess(t, content(entries.one))
  const faults = () => [...output().matchAll(/"faults":\[([^\]]*)/g)].map(([, list]) => list)
  const breaks: [() => Promise<unknown>, RegExp][] = [
    [() => writeFile(file, '{"keys": [{"name": "hunter2'), /is not JSON/],
    [() => writeFile(file, content({ ...entries.two, tokens: 'hunter2' as never })), /keys\[0/],
    [() => writeFile(file, ''), /is empty/],
    [() => writeFile(file, 'x'.repeat(2_000_001)), /is larger than 2 MB/],
    [() => putPipe(file), /is no file/],
    [() => rm(file, { recursive: true }), /cannot be read \(ENOENT\)/],
    [() => mkdir(file), /is no file/],
  ]
  for (const [index, [spoil, says]] of breaks.entries()) {
    await spoil()
    await until(() => faults().length > index)
    t.match(faults()[index], says)
    t.equal(await status(keys.one), 200)
    t.equal(await client().status('GET', '/readyz'), 200, 'it serves as well as before')
  }
  await rm(file, { recursive: true })
  await writeFile(file, content(entries.two))
  await until(async () => (await status(keys.two)) === 200)
  t.equal(await status(keys.one), 401)
  t.ok(faults().length <= breaks.length + 1, 'each once; and perhaps that it was missing for a moment')
  t.notMatch(output(), /hunter2/)
})

/** Puts a pipe, which nobody writes into, in the place of a file; where there are none, a folder. */
async function putPipe(file: string): Promise<void> {
  if (process.platform === 'win32') {
    await rm(file)
    await mkdir(file)
    return
  }
  execFileSync('mkfifo', [`${file}.pipe`])
  await rename(`${file}.pipe`, file)
}

t.test('a mounted secret, whose folder is a link that comes to lead to another, is followed', async (t) => {
  const { entries, keys } = someEntries({ one: {}, two: {} })
  const directory = await aDirectory(t)
  for (const name of ['one', 'two'] as const) {
    await mkdir(`${directory}/..${name}`)
    await writeFile(`${directory}/..${name}/keys.json`, content(entries[name]))
  }
  await symlink('..one', `${directory}/..data`)
  await symlink('..data/keys.json', `${directory}/keys.json`)
  const { status } = await aKeyedProcess(t, '', { API_KEYS_FILE: `${directory}/keys.json` })
  t.same([await status(keys.one), await status(keys.two)], [200, 401])
  await symlink('..two', `${directory}/..data_tmp`)
  await rename(`${directory}/..data_tmp`, `${directory}/..data`)
  await rm(`${directory}/..one`, { recursive: true })
  await until(async () => (await status(keys.two)) === 200)
  t.equal(await status(keys.one), 401)
})
