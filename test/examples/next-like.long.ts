import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { aPage, chromium } from '../support/browser.ts'
import { signalGroup } from '../support/process-group.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor, ROOT } from '../support/service.ts'

/** The example, in a copy that may be edited, watched by its own dev server. */
async function aDevServer(t: Test, service: string) {
  const directory = await aDirectory(t)
  const folder = `${directory}/examples/next-like`
  await mkdir(`${directory}/examples`)
  await cp(`${ROOT}examples/next-like`, folder, { recursive: true })
  for (const name of ['client', 'node_modules']) await symlink(`${ROOT}${name}`, `${directory}/${name}`)
  await writeFile(`${directory}/package.json`, '{"type":"module"}')
  const port = String(10_000 + Math.floor(Math.random() * 20_000))
  const child = spawn(process.execPath, [`--watch-path=${folder}`, `${folder}/server.ts`], {
    env: { PATH: process.env.PATH ?? '', SHEETSYNC_URL: service, PORT: port },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    signalGroup(child, 'SIGKILL')
    await exited
  })
  const lines = createInterface({ input: child.stdout })
  const isUp = async () => {
    for await (const [line] of on(lines)) if (String(line).startsWith('The page is at')) return
  }
  await isUp()
  return {
    url: `http://127.0.0.1:${port}`,
    /** Saves a file, as an editor would, and resolves once the next process serves. */
    async edit() {
      const up = isUp()
      const file = `${folder}/server.ts`
      await writeFile(file, `${await readFile(file, 'utf8')}\n`)
      await up
    },
  }
}

async function* on(lines: ReturnType<typeof createInterface>): AsyncGenerator<[string]> {
  for (;;) yield (await once(lines, 'line')) as [string]
}

const skip =
  chromium === undefined && process.env.CI !== 'true' ? 'there is no Chromium on this machine' : (false as const)

t.test(
  'the page shows progress through reloads of its dev server and of the service, up to the rows',
  { skip, timeout: 180_000 },
  async (t) => {
    const emulator = await anEmulator(t, { folder: `${ROOT}emulator/workbooks`, latency: { baseMs: 2500 } })
    const environment = { ...environmentFor(await aDirectory(t)), GOOGLE_API_ROOT_URL: emulator.rootUrl }
    const first = await aServiceProcess(t, environment)
    const devServer = await aDevServer(t, first.url)
    const page = await aPage(t, devServer.url)
    const until = async (expression: string) => {
      while ((await page.evaluate(expression)) !== true) await delay(50)
    }
    const status = () => page.evaluate('document.getElementById("status").textContent')

    await until('document.readyState === "complete" && document.getElementById("sync") !== null')
    await page.evaluate('window.mark = 1, document.getElementById("sync").click()')
    await until('/^running/.test(document.getElementById("status").textContent)')

    await devServer.edit()
    await until('window.mark === undefined && document.readyState === "complete"')
    t.pass('the page was reloaded')
    await until('/^(?:running|interrupted)/.test(document.getElementById("status")?.textContent)')
    t.pass('and shows the same sync again')

    await page.evaluate('window.mark = 2')
    await first.end('SIGTERM')
    await aServiceProcess(t, { ...environment, PORT: new URL(first.url).port })
    emulator.setLatency({})
    await until('/^succeeded/.test(document.getElementById("status").textContent)')
    t.match(await status(), /100 %/)
    t.equal(await page.evaluate('window.mark'), 2, 'without a reload of the page')
    await until('document.getElementById("rows").textContent !== ""')
    t.match(await page.evaluate('document.getElementById("rows").textContent'), /^\{".*\}$/m)
  },
)
