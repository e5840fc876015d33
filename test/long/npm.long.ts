import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import { signalGroup } from '../support/process-group.ts'
import { aDirectory, anEmulator, environmentFor, pollUntil, ROOT, startSync } from '../support/service.ts'

const ID = '1Npm-0123456789_abcdefghijklmnopqrstuvwxyzabc'

for (const [script, signal] of [
  ['start', 'SIGTERM'],
  ['start', 'SIGKILL'],
  ['dev', 'SIGTERM'],
  ['dev', 'SIGKILL'],
] as const) {
  t.test(`${signal} to the npm of "npm run ${script}": the service drains and lets go of its port`, async (t) => {
    const tab = syntheticTab({ gid: 0, title: 'Many', rows: 50_000, columns: 10, kind: 'mixed' })
    const workbook = { id: ID, title: 'By npm', tabs: [tab] }
    const emulator = await anEmulator(t, { workbooks: [workbook], latency: { baseMs: 1000 } })
    const directory = await aDirectory(t)
    const environment = { ...environmentFor(directory), GOOGLE_API_ROOT_URL: emulator.rootUrl }
    const npm = run(t, ['npm', 'run', script], environment)
    const url = await npm.printed(/"Sheetsync answers at (http[^"]+)"/)
    const { id } = await startSync(url, { spreadsheet: ID })
    await pollUntil(url, id, (sync) => sync.progress.apiCalls > 1)
    npm.kill(signal)
    await npm.printed(/"msg":"(stopped)"/)
    await refused(url)
    t.match(JSON.parse(await readFile(`${directory}/sync-status/${id}.json`, 'utf8')), { state: 'interrupted' })
  })
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  t.test(`${signal} to the npm of "npm run emulator": the emulator ends too`, async (t) => {
    const npm = run(t, ['npm', 'run', 'emulator', '--', '--port', '0'], {})
    const url = await npm.printed(/GOOGLE_API_ROOT_URL=(\S+)/)
    npm.kill(signal)
    await refused(url)
  })
}

for (const [script, printed] of [
  ['start', /"Sheetsync answers at (http[^"]+)"/],
  ['dev', /"Sheetsync answers at (http[^"]+)"/],
  ['emulator -- --port 0', /GOOGLE_API_ROOT_URL=(\S+)/],
] as const) {
  t.test(`SIGTERM to the shell between "npm run ${script}" and the program: the program ends too`, async (t) => {
    const npm = run(t, ['npm', 'run', ...script.split(' ')], environmentFor(await aDirectory(t)))
    const url = await npm.printed(printed)
    const [shell = 0] = childrenOf(npm.pid)
    if (childrenOf(shell).length === 0) return t.comment('this shell was replaced by the program')
    process.kill(shell, 'SIGTERM')
    await refused(url)
  })
}

t.test('the shell that npm was started from may end: the service goes on', async (t) => {
  const environment = environmentFor(await aDirectory(t))
  const shell = run(t, ['sh', '-c', 'npm start & read -r line'], environment)
  const url = await shell.printed(/"Sheetsync answers at (http[^"]+)"/)
  await shell.end()
  // Two looks at the parent later.
  await delay(1100)
  t.equal((await fetch(`${url}/livez`)).status, 200)
})

/** The pids of a process's children. */
function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
  return stdout.split('\n').filter(Boolean).map(Number)
}

/** Resolves once nobody listens at the address any more; the test's own timeout bounds the wait. */
async function refused(url: string): Promise<void> {
  for (;;) {
    try {
      await fetch(url)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      return
    }
    await delay(50)
  }
}

/** A command as users type it, in a process group of its own that ends with the test. */
function run(t: Test, [program = '', ...parameters]: string[], environment: Record<string, string>) {
  const child = spawn(program, parameters, {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  const closed = once(child.stdout, 'close')
  t.teardown(async () => {
    signalGroup(child, 'SIGKILL')
    await closed
  })
  let output = ''
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    output += `${line}\n`
  })
  return {
    pid: child.pid ?? 0,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** Closes its standard input and waits until it has ended. */
    async end(): Promise<void> {
      const exited = once(child, 'exit')
      child.stdin.end()
      await exited
    },
    /** Resolves to what the pattern holds once it was printed. */
    async printed(pattern: RegExp): Promise<string> {
      for (;;) {
        const found = pattern.exec(output)?.[1]
        if (found !== undefined) return found
        await Promise.race([once(lines, 'line'), closed.then(() => Promise.reject(new Error(`it ended: ${output}`)))])
      }
    },
  }
}
