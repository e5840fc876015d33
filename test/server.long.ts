import { readdir, stat } from 'node:fs/promises'
import t from 'tap'
import { syntheticTab } from '../emulator/workbook.ts'
import {
  aDirectory,
  anEmulator,
  aServiceProcess,
  environmentFor,
  getSync,
  pollUntil,
  startSync,
} from './support/service.ts'

const ID = '1Server-0123456789_abcdefghijklmnopqrstuvwxy'

t.test(
  'SIGTERM while a sync runs: it is recorded as interrupted, and the process ends by itself within 10 s',
  async (t) => {
    const tab = syntheticTab({ gid: 0, title: 'Many', rows: 50_000, columns: 10, kind: 'mixed' })
    const emulator = await anEmulator(t, {
      workbooks: [{ id: ID, title: 'Drained', tabs: [tab] }],
      latency: { baseMs: 1000 },
    })
    const directory = await aDirectory(t)
    const environment = { ...environmentFor(directory), GOOGLE_API_ROOT_URL: emulator.rootUrl }
    const first = await aServiceProcess(t, environment)
    const { id } = await startSync(first.url, { spreadsheet: ID })
    await pollUntil(first.url, id, (sync) => sync.progress.apiCalls > 1)
    const began = performance.now()
    t.equal(await first.end('SIGTERM'), 0, 'the exit code is 0')
    t.ok(performance.now() - began < 10_000, 'within 10 s')
    t.notMatch(first.output(), /the stop failed|takes too long/)
    t.same(await temporaryFiles(`${directory}/sync-status`), [], 'no temp file is left')
    t.same(await modesIn(directory), ['600', '700'], 'what was made is for its user alone')

    const second = await aServiceProcess(t, { ...environment, UMASK: '027' })
    t.match(await getSync(second.url, id), { state: /interrupted|running/, attempt: Number })
    const done = await pollUntil(second.url, id, (sync) => sync.finishedAt !== null)
    t.match(done, { state: 'succeeded', tabs: [{ rows: 49_999 }] })
    t.match(await modesIn(directory), ['600', '640', '700', '750'], 'and for its group too where UMASK says so')
    t.equal(await second.end('SIGINT'), 0)
  },
)

async function temporaryFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true })
  const files: string[] = []
  // Not among them: the list of what was created, which says nothing that the directory does not say, and the instances.
  for (const name of names.filter((one) => one !== '.created' && one !== '.instances/instances.json'))
    if ((await stat(`${directory}/${name}`)).isFile() && !/^sync-[^/]+\.json$/.test(name)) files.push(name)
  return files
}

/** The rights, in octal, that files and folders in a folder have. */
async function modesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true })
  const modes = await Promise.all(
    names.map(async (name) => ((await stat(`${directory}/${name}`)).mode & 0o777).toString(8)),
  )
  return [...new Set(modes)].sort()
}
