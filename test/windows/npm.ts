import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import { aDirectory, anEmulator, pollUntil, startSync } from '../support/service.ts'
import { skip, Wine, waitForService, windowsEnvironmentFor } from './support/wine.ts'

const ID = '1WindowsNpm-0123456789_abcdefghijklmnopqrstu'
/** npm is the same program on every system; what it starts is not: cmd.exe, which stands between it and the service. */
const NPM = process.env.npm_execpath
const skipNpm = skip || (NPM === undefined && 'npm says where it is to what `npm run test:windows` starts')

t.test('npm on Windows', { skip: skipNpm }, async (t) => {
  const wine = await Wine.start(t)
  for (const script of ['start', 'dev']) {
    t.test(`when the npm of "npm run ${script}" is killed, the service drains`, async (t) => {
      const tab = syntheticTab({ gid: 0, title: 'Many', rows: 50_000, columns: 10, kind: 'mixed' })
      const workbook = { id: ID, title: 'By npm', tabs: [tab] }
      const emulator = await anEmulator(t, { workbooks: [workbook], latency: { baseMs: 2000 } })
      const directory = await aDirectory(t)
      const environment = { ...windowsEnvironmentFor(directory), GOOGLE_API_ROOT_URL: emulator.rootUrl }
      const npm = await waitForService(wine.spawn([NPM ?? '', 'run', script], environment))
      const { id } = await startSync(npm.url, { spreadsheet: ID })
      await pollUntil(npm.url, id, (sync) => sync.progress.apiCalls > 1)
      t.equal(await npm.end('SIGKILL'), 'SIGKILL')
      while (!(await npm.output()).includes('"msg":"stopped"')) await delay(50)
      t.match(await npm.output(), /npm has ended|closed its channel/)
      t.match(JSON.parse(await readFile(`${directory}/sync-status/${id}.json`, 'utf8')), { state: 'interrupted' })
    })
  }
})
