import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'

const MAIN = join(import.meta.dirname, '../../emulator/main.ts')

/** Starts the emulator as a process on a free port; resolves with the text it greets with. */
async function run(t: Tap, ...args: string[]): Promise<{ child: ChildProcess; greeting: string; rootUrl: string }> {
  const child = spawn(process.execPath, [MAIN, '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  let greeting = ''
  for await (const chunk of child.stdout) {
    greeting += chunk
    if (/^try: .*\n/m.test(greeting)) break
  }
  return { child, greeting, rootUrl: /http:\/\/127\.0\.0\.1:\d+\//.exec(greeting)?.[0] ?? '' }
}
type Tap = Pick<typeof t, 'teardown'>

t.test('it says where it is, what it holds, and a curl that works as pasted', async (t) => {
  const { greeting, rootUrl, child } = await run(t, '--synthetic', 'big:1000x5')
  t.match(greeting, /^Google Sheets emulator: GOOGLE_API_ROOT_URL=http/)
  t.match(greeting, 'https://docs.google.com/spreadsheets/d/big/edit')
  const url = /curl "([^"]+)"/.exec(greeting)?.[1] ?? ''
  t.ok(url.startsWith(rootUrl))
  t.equal((await fetch(url)).status, 200)
  child.kill('SIGINT')
  t.same(await once(child, 'exit'), [0, null])
})

t.test('SIGTERM ends it at once, whatever waits or hangs: nothing keeps the process alive', async (t) => {
  const { child, rootUrl } = await run(t, '--latency', '600000')
  await fetch(`${rootUrl}emulator/faults`, { method: 'POST', body: '{"do":{"kind":"hang"},"on":{"kind":"files.get"}}' })
  const ends = ['drive/v3/files/x', 'v4/spreadsheets/x'].map((path) => t.rejects(fetch(rootUrl + path)))
  for (let count = 0; count < 2; ) {
    count = ((await (await fetch(`${rootUrl}emulator/count`)).json()) as { count: number }).count
  }
  child.kill('SIGTERM')
  t.same(await once(child, 'exit'), [0, null])
  await Promise.all(ends)
})

t.test('a bad option is said in words with the usage, and ends with 1', async (t) => {
  for (const args of [['--port', 'x'], ['--synthetic', 'a'], ['--nope'], ['--folder', '/does/not/exist']]) {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    t.equal(code, 1, args.join(' '))
    t.match(said, '--synthetic ID:ROWSxCOLS')
  }
})
