import { mkdir, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { syntheticWorkbook } from '../../emulator/workbook.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor, getSync, startSync } from '../support/service.ts'

const MINUTE = 60_000
/** Reads a minute of each account. */
const OWN = 6
/** A call arrives some while after its read was granted, and the ones before it may have been faster. */
const ARRIVAL_MS = 1500

// They wait for minutes to pass.
t.jobs = 2

/** The most of these that came within one minute. */
function mostInAnyMinute(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + MINUTE - ARRIVAL_MS).length))
}

for (const [what, project, perAccount] of [
  ['each has its own reads a minute', 300, [OWN - 1, OWN]],
  ['a project that has fewer is shared evenly', OWN, [OWN / 2 - 1, OWN / 2 + 1]],
] as const) {
  t.test(`two credentials download side by side: ${what}`, { buffered: true }, async (t) => {
    const workbooks = ['one', 'two'].map((id) => syntheticWorkbook({ id, rows: 100_000, columns: 10 }))
    const emulator = await anEmulator(t, { requireAuth: true, workbooks, quota: { perUser: OWN, perProject: project } })
    const directory = await aDirectory(t)
    const folder = `${directory}/credentials`
    await mkdir(folder)
    const accounts: string[] = []
    for (const name of ['agency', 'branch']) {
      const key = emulator.serviceAccountKey(name, 'project-a')
      accounts.push(key.client_email ?? '')
      await writeFile(`${folder}/${name}.json`, JSON.stringify(key))
    }
    const { url } = await aServiceProcess(t, {
      ...environmentFor(directory),
      GOOGLE_CREDENTIALS: folder,
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
      GOOGLE_READS_PER_MINUTE: String(OWN),
      GOOGLE_PROJECT_READS_PER_MINUTE: String(project),
    })
    const syncs = [
      await startSync(url, { spreadsheet: 'one', credential: 'agency' }),
      await startSync(url, { spreadsheet: 'two', credential: 'branch' }),
    ]
    const reads = () => emulator.calls.filter(({ kind }) => kind === 'spreadsheets.get' || kind === 'values.batchGet')
    while (reads().length === 0) await delay(50)
    const from = reads()[0]?.at ?? 0
    // Into the second minute, when those of the first come back one by one.
    await delay(from + 75_000 - Date.now())
    const timesOf = (account: string) =>
      reads()
        .filter((read) => read.account === account)
        .map(({ at }) => at)
    for (const account of accounts) {
      const times = timesOf(account)
      t.ok(mostInAnyMinute(times) <= OWN, `${account}: ${mostInAnyMinute(times)} reads in a minute`)
      const first = times.filter((at) => at < from + MINUTE - ARRIVAL_MS).length
      t.ok(first >= perAccount[0] && first <= perAccount[1], `${account}: ${first} reads in the first minute`)
      t.ok((times[0] ?? 0) < from + 15_000, `${account} did not wait for the other`)
    }
    const all = reads().map(({ at }) => at)
    t.ok(mostInAnyMinute(all) <= project, `the project: ${mostInAnyMinute(all)} reads in a minute`)
    t.same(
      reads().filter(({ status }) => status === 429),
      [],
      'Google refuses none',
    )
    for (const { id } of syncs) t.match(await getSync(url, id), { state: 'running', progress: { cellsDone: /[1-9]/ } })
  })
}
