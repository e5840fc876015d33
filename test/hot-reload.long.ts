import { cp, readFile, rename, symlink, utimes, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { syntheticTab } from '../emulator/workbook.ts'
import type { SyncView } from '../src/model/sync-view.ts'
import {
  aDirectory,
  aFreePort,
  anEmulator,
  aService,
  aServiceProcess,
  environmentFor,
  finished,
  getSync,
  pollUntil,
  ROOT,
  startSync,
} from './support/service.ts'

const ID = '1HotReload-0123456789_abcdefghijklmnopqrstuv'
const ROWS = 30_000

t.test(
  'a hot reload in the middle of a sync: no poll is 404 or 5xx, percent never falls, the rows are exact',
  async (t) => {
    const tab = syntheticTab({ gid: 0, title: 'Many', rows: ROWS, columns: 6, kind: 'mixed' })
    const emulator = await anEmulator(t, {
      workbooks: [{ id: ID, title: 'Reloaded', tabs: [tab] }],
      latency: { baseMs: 700, perCellUs: 0 },
    })
    const directory = await aCopyOfTheService(t)
    const service = await aServiceProcess(
      t,
      { ...environmentFor(directory), PORT: String(await aFreePort()), GOOGLE_API_ROOT_URL: emulator.rootUrl },
      [`${directory}/scripts/dev.ts`],
    )
    const { url } = service
    const { id } = await startSync(url, { spreadsheet: ID, formats: ['ndjson', 'csv'] })

    const reload = async () => {
      const now = new Date()
      await utimes(`${directory}/src/logger.ts`, now, now)
    }
    const statuses = new Set<number>()
    let refused = 0
    let percent = 0
    let revision = 0
    let reloads = 0
    let sync: SyncView | undefined
    while (sync === undefined || !finished(sync)) {
      try {
        const answer = await fetch(`${url}/syncs/${id}`)
        statuses.add(answer.status)
        sync = (await answer.json()) as SyncView
        t.ok(sync.progress.percent >= percent, `percent ${percent} → ${sync.progress.percent}`)
        t.ok(sync.revision >= revision, `revision ${revision} → ${sync.revision}`)
        percent = sync.progress.percent
        revision = sync.revision
        if (sync.state === 'running' && reloads < 2 && sync.progress.apiCalls > 2 * reloads) {
          reloads += 1
          await reload()
        }
      } catch (error) {
        // While the port is closed a poll may be refused or cut off, and nothing else.
        if (!(error instanceof TypeError)) throw error
        refused += 1
      }
      await delay(500)
    }
    t.comment(
      `reloads ${reloads}, polls refused ${refused}, attempts ${sync.attempt}, API calls ${sync.progress.apiCalls}`,
    )
    t.same([...statuses], [200])
    t.equal(reloads, 2)
    t.ok(sync.attempt > 1, 'the sync was really interrupted')
    t.match(sync, { state: 'succeeded', outcome: 'downloaded', progress: { percent: 100 }, tabs: [{ rows: ROWS - 1 }] })

    const [ndjson] = (await getSync(url, id)).tabs
      .flatMap((one) => one.files)
      .filter((file) => file.format === 'ndjson')
    const lines = (await (await fetch(`${url}${ndjson?.href}`)).text()).trimEnd().split('\n')
    t.equal(lines.length, ROWS - 1)
    const wanted = await aFreshDownload(t, emulator.rootUrl)
    t.ok(lines.join('\n') === wanted, 'the rows are those of a sync that nobody disturbed')
    t.match(
      await readFile(`${directory}/sync-status/${id}.json`, 'utf8'),
      /^\{\n {2}"/,
      'the status file is there to be read',
    )
    t.equal(await service.end('SIGTERM'), 0)
  },
)

async function aFreshDownload(t: Parameters<typeof aService>[0], rootUrl: string): Promise<string> {
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: rootUrl })
  const { id } = await startSync(url, { spreadsheet: ID, formats: ['ndjson', 'csv'] })
  await pollUntil(url, id, finished)
  return (await (await fetch(`${url}/spreadsheets/${ID}/tabs/Many?format=ndjson`)).text()).trimEnd()
}

t.test(
  'npm run dev: an edit of .env starts the service again, and so does the edit that mends a broken one',
  async (t) => {
    const directory = await aCopyOfTheService(t)
    const service = await aServiceProcess(t, environmentFor(directory), [`${directory}/scripts/dev.ts`])
    const printed = async (text: string, times: number) => {
      while (service.output().split(text).length <= times) await delay(20)
    }
    await writeFile(`${directory}/.env`, 'METRICS_ACCESS=open\n')
    await printed('Sheetsync answers', 2)
    // As editors save: the new text takes the place of the file.
    const saveLogger = async (text: string) => {
      await writeFile(`${directory}/src/logger.ts~`, text)
      await rename(`${directory}/src/logger.ts~`, `${directory}/src/logger.ts`)
    }
    const text = await readFile(`${directory}/src/logger.ts`, 'utf8')
    await saveLogger(`${text}}`)
    await printed('SyntaxError', 1)
    await saveLogger(text)
    await printed('Sheetsync answers', 3)
    t.equal(await service.end('SIGTERM'), 0)
  },
)

/** What `npm run dev` runs, in a folder of its own where it can be edited. */
async function aCopyOfTheService(t: Test): Promise<string> {
  const directory = await aDirectory(t)
  await cp(`${ROOT}src`, `${directory}/src`, { recursive: true })
  await cp(`${ROOT}scripts/dev.ts`, `${directory}/scripts/dev.ts`)
  await cp(`${ROOT}package.json`, `${directory}/package.json`)
  await symlink(`${ROOT}node_modules`, `${directory}/node_modules`)
  return directory
}
