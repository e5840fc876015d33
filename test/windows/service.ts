import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { syntheticTab, tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { aDirectory, anEmulator, finished, getSync, pollUntil, startSync } from '../support/service.ts'
import { FORMATS, sameRows } from './support/same-rows.ts'
import { skip, toWindowsPath, Wine, windowsEnvironmentFor } from './support/wine.ts'

const ID = '1Windows-0123456789_abcdefghijklmnopqrstuvwx'
const READER = fileURLToPath(new URL('support/status-reader.ts', import.meta.url))

t.test('the service on Windows', { skip }, async (t) => {
  const wine = await Wine.start(t)

  t.test('a sync ends with the rows that Linux gets, and its status can be read whole at any moment', async (t) => {
    const emulator = await anEmulator(t, { workbooks: [many('Read')], latency: { baseMs: 150 } })
    const directory = await aDirectory(t)
    const service = await wine.startService({
      ...windowsEnvironmentFor(directory),
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
    })
    const statuses = `${directory}/sync-status`
    const reader = wine.spawn([READER, toWindowsPath(statuses), toWindowsPath(`${directory}/report.json`)])
    const here = readUntilStopped(statuses, `${directory}/stop`)

    const { id } = await startSync(service.url, { spreadsheet: ID, formats: [...FORMATS] })
    let polled: SyncView | undefined
    while (polled === undefined || !finished(polled)) {
      const next = await getSync(service.url, id)
      t.ok(next.revision >= (polled?.revision ?? 0) && next.progress.percent >= (polled?.progress.percent ?? 0))
      polled = next
      await delay(50)
    }
    t.match(polled, { state: 'succeeded', attempt: 1, error: null, tabs: [{ rows: 29_999 }] })
    t.match(JSON.parse(await readFile(`${statuses}/${id}.json`, 'utf8')), { id, state: 'succeeded' })

    await writeFile(`${directory}/stop`, '')
    t.same((await reader.exited)[0], 0, await reader.output())
    const there = JSON.parse(await readFile(`${directory}/report.json`, 'utf8')) as Report
    for (const [where, { reads, revisions, faults }] of Object.entries({ there, here: await here })) {
      t.same(faults, [], `${where}: ${reads} reads`)
      t.ok(revisions > 3, `${where}: ${revisions} revisions`)
    }
    await sameRows(t, service.url, emulator.rootUrl, ID, ['Read'])
    t.same((await service.output()).match(/^.*"level":[56]0.*$/gm), null, 'nothing is logged as an error')
    t.equal(await service.end('SIGKILL'), 'SIGKILL')
  })

  t.test('tabs with names that Windows keeps for itself, in a folder whose path is longer than 260', async (t) => {
    const titles = [
      'Con',
      'nul.',
      'a:b',
      'x. ',
      'LPT1.csv',
      'ends with a dot.',
      'back\\slash',
      'w?*<>|"w',
      'con',
      'COM¹',
    ]
    const tabs = titles.map((title, gid) => tabFromRows(gid, title, [['name'], [title], [gid]]))
    const emulator = await anEmulator(t, { workbooks: [{ id: ID, title: 'Names', tabs }] })
    const directory = `${await aDirectory(t)}/${Array(5).fill('a folder with a long name, of sixty characters, nested deep').join('/')}`
    const service = await wine.startService({
      ...windowsEnvironmentFor(directory),
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
    })
    const { id } = await startSync(service.url, { spreadsheet: ID, formats: [...FORMATS] })
    const sync = await pollUntil(service.url, id, finished)
    t.match(sync, { state: 'succeeded', error: null, tabs: titles.map(() => ({ rows: 2 })) })
    await sameRows(t, service.url, emulator.rootUrl, ID, titles)
    const paths = await readdir(`${directory}/snapshots`, { recursive: true })
    for (const name of paths.flatMap((path) => path.split('/'))) {
      t.notMatch(name, /[<>:"\\|?*\p{Cc}]|[. ]$/u)
      t.notMatch(name, /^(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\.|$)/i)
    }
    t.equal(new Set(paths.map((path) => path.toLowerCase())).size, paths.length, 'no two that differ by case only')
    const files = sync.tabs.flatMap((tab) => tab.files)
    for (const { href, bytes } of files)
      t.equal((await (await fetch(`${service.url}${href}`)).arrayBuffer()).byteLength, bytes)
    t.equal(await service.end('SIGKILL'), 'SIGKILL')
  })
})

interface Report {
  readonly reads: number
  readonly revisions: number
  readonly faults: readonly string[]
}

function many(title: string): Workbook {
  return { id: ID, title, tabs: [syntheticTab({ gid: 0, title, rows: 30_000, columns: 10, kind: 'mixed' })] }
}

/** Reads the statuses from this side, where nothing holds up a rename, until the file `stop` is there. */
async function readUntilStopped(folder: string, stop: string): Promise<Report> {
  const faults: string[] = []
  const revisions = new Set<number>()
  let reads = 0
  for (;;) {
    for (const name of (await readdir(folder)).filter((one) => /^sync-.*\.json$/.test(one))) {
      try {
        revisions.add((JSON.parse(await readFile(`${folder}/${name}`, 'utf8')) as { revision: number }).revision)
        reads += 1
      } catch (error) {
        faults.push(`${name}: ${error}`)
      }
    }
    if (existsSync(stop)) return { reads, revisions: revisions.size, faults }
    await delay(2)
  }
}
