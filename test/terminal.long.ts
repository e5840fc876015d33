import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { stripVTControlCharacters } from 'node:util'
import t from 'tap'
import { SAMPLE_SPREADSHEET_ID } from '../src/model/sync-request.ts'
import { aDirectory, anEmulator, environmentFor, finished, pollUntil, ROOT, startSync } from './support/service.ts'

const SKIP = spawnSync('script', ['--version']).stdout?.includes('util-linux')
  ? false
  : 'there is no script of util-linux'

t.test(
  'on a terminal each thing that happens is one line, in colours, and nothing else is printed, by Google neither',
  { skip: SKIP },
  async (t) => {
    const emulator = await anEmulator(t, { folder: `${ROOT}emulator/workbooks`, requireAuth: true })
    const directory = await aDirectory(t)
    const credential = `${directory}/key.json`
    await writeFile(credential, JSON.stringify(emulator.serviceAccountKey()))
    const child = spawn('script', ['-qfec', `stty -echo; exec '${process.execPath}' src/server.ts`, '/dev/null'], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH ?? '',
        TERM: 'xterm',
        ...environmentFor(directory),
        GOOGLE_API_ROOT_URL: emulator.rootUrl,
        GOOGLE_APPLICATION_CREDENTIALS: credential,
        CORS_ORIGIN: 'secret',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    t.teardown(async () => {
      child.kill('SIGKILL')
      await exited
    })
    let output = ''
    const url = await new Promise<string>((resolve) => {
      child.stdout.on('data', (chunk) => {
        output += chunk
        const address = /answers at (http[\w:./]+)/.exec(output)?.[1]
        if (address !== undefined) resolve(address)
      })
    })
    const good = await startSync(url, { spreadsheet: SAMPLE_SPREADSHEET_ID })
    t.match(await pollUntil(url, good.id, finished), { state: 'succeeded' })
    const bad = await startSync(url, { spreadsheet: 'nowhere' })
    await pollUntil(url, bad.id, finished)
    // Ctrl-C.
    child.stdin.write('\u0003')
    t.same(await exited, [0, null])

    t.match(output, '\u001b[32mINFO\u001b[39m')
    const lines = stripVTControlCharacters(output).trimEnd().split('\r\n')
    for (const line of lines) t.match(line, /^\[\d\d:\d\d:\d\d\.\d{3}\] (?:INFO|WARN): \S/)
    t.match(
      lines.filter((line) => line.includes(bad.id)).map((line) => line.replace(/^\S+ /, '')),
      [
        /^INFO: POST \/syncs: request answered, 202 in \d+ ms /,
        /^INFO: sync begun /,
        /^WARN: sync failed: SHEET_NOT_FOUND: Google knows no spreadsheet .*"spreadsheet":"nowhere"/,
      ],
    )
    t.match(output, /CORS_ORIGIN is no setting .* CORS_ORIGINS\?/)
    t.notMatch(output, 'secret')
  },
)
