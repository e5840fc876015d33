import { writeFile } from 'node:fs/promises'
import t from 'tap'
import { tabFromRows } from '../emulator/workbook.ts'
import { composeKeys } from '../src/compose-keys.ts'
import { silentLog } from '../src/ports/log.ts'
import { systemClock } from '../src/system-clock.ts'
import { someEntries } from './support/callers.ts'
import { openEvents } from './support/event-client.ts'
import { aKeyedProcess, content, until } from './support/keyed-process.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor } from './support/service.ts'

const ID = '1KeysOfAFile-0123456789_abcdefghijklmnopqrstu'

t.test('streams and waits of a key that is taken out, or gets other rights, end; those of others go on', async (t) => {
  const emulator = await anEmulator(t, {
    workbooks: [{ id: ID, title: 'A', tabs: [tabFromRows(0, 'T', [['A'], [1]])] }],
  })
  const { entries, keys } = someEntries({ one: {}, two: {}, three: {} })
  const all = [entries.one, entries.two, entries.three] as const
  const { file, url, client, status } = await aKeyedProcess(t, content(...all), {
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
  })
  const release = Promise.withResolvers<void>()
  t.teardown(() => release.resolve())
  emulator.onCall(() => release.promise)
  const open = async (name: keyof typeof keys) => {
    const headers = { authorization: `Bearer ${keys[name]}` }
    const { id } = await client(keys[name]).start({ spreadsheet: ID })
    const stream = await openEvents(url, id, { apiKey: keys[name] })
    t.equal(stream.status, 200)
    const wait = fetch(`${url}/syncs/${id}`, { headers: { ...headers, prefer: 'wait=25' } }).then(
      ({ status }) => status,
      () => 'cut off',
    )
    return { id, wait, stream: stream.read() }
  }
  const one = await open('one')
  const two = await open('two')
  const three = await open('three')
  await writeFile(file, content(entries.two, { ...entries.three, spreadsheets: ['another'] }))
  t.equal(await one.stream.ended, false)
  t.equal(await three.stream.ended, false)
  t.same(await Promise.all([one.wait, three.wait]), ['cut off', 'cut off'])
  t.equal(await status(keys.one), 401)
  t.equal(await client(keys.three).status('GET', `/syncs/${three.id}`), 404)
  release.resolve()
  t.equal(await two.stream.ended, true)
  t.match(two.stream.events.at(-1)?.data, /"state":"succeeded"/)
  t.equal(await two.wait, 200)
})

t.test('a file that cannot be used stops the start, with one line for each fault', async (t) => {
  const directory = await aDirectory(t)
  const { entries } = someEntries({ one: {} })
  const file = `${directory}/keys.json`
  const environment = { ...environmentFor(directory), API_KEYS_FILE: file }
  const start = aServiceProcess(t, environment)
  await t.rejects(start, /ended with 1 [\s\S]*settings are wrong:\n {2}API_KEYS_FILE cannot be read \(ENOENT\)\n$/)
  const cases: [string, RegExp[]][] = [
    ['', [/^API_KEYS_FILE is empty; /]],
    [content(), [/^API_KEYS_FILE keys is empty, so nobody could call$/]],
    ['hunter2', [/^API_KEYS_FILE is not JSON; /]],
    [
      content({ ...entries.one, name: 'Hunter2', scopes: [] }),
      [/^API_KEYS_FILE keys\[0\]\.name must /, /^API_KEYS_FILE keys\[0\]\.scopes must /],
    ],
  ]
  for (const [text, lines] of cases) {
    await writeFile(file, text)
    await t.rejects(composeKeys({ apiKeys: [], apiKeysFile: file }, systemClock, silentLog), {
      name: 'ConfigError',
      lines,
    })
  }
})

t.test('no key and no digest is in any answer, log or file of the service', async (t) => {
  const { entries, keys } = someEntries({ one: {}, two: { scopes: ['admin'] } })
  const { file, client, status, output, end } = await aKeyedProcess(t, content(entries.one))
  const secrets = [...Object.values(keys), ...Object.values(entries).flatMap(({ sha256 }) => sha256)]
  const answers: string[] = []
  const ask = async (key: string, method: string, path: string, body?: object) => {
    const answer = await client(key).send(method, path, body)
    answers.push(await answer.text(), JSON.stringify([...answer.headers]))
  }
  for (const key of [...Object.values(keys), ...secrets]) {
    for (const path of ['/me', '/syncs', '/metrics', '/syncs/x', '/openapi.json', '/readyz'])
      await ask(key, 'GET', path)
    await ask(key, 'POST', '/syncs', { spreadsheet: ID, credential: 'agency' })
    await ask(key, 'POST', '/syncs', { spreadsheet: ID, actAs: 'ann@example.com' })
  }
  await writeFile(file, content(entries.two).slice(0, -1))
  await until(() => output().includes('cannot be used'))
  await writeFile(file, content(entries.one, { ...entries.one, name: 'copy' }))
  await until(() => output().includes('is that of another key'))
  await writeFile(file, content(entries.one, entries.two))
  await until(async () => (await status(keys.two)) === 200)
  for (const path of ['/me', '/metrics', '/schedules']) await ask(keys.two, 'GET', path)
  t.equal(await end('SIGTERM'), 0)
  for (const secret of secrets) {
    t.notOk(answers.join().includes(secret))
    t.notOk(output().includes(secret))
    t.notOk(output().includes(Buffer.from(secret).toString('base64').slice(0, 40)))
  }
})
