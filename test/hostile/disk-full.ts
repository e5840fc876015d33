import { spawnSync } from 'node:child_process'
import { mkdir, readdir, statfs } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { syntheticTab, tabFromRows } from '../../emulator/workbook.ts'
import {
  aDirectory,
  anEmulator,
  aServiceProcess,
  environmentFor,
  finished,
  pollUntil,
  startSync,
} from '../support/service.ts'

const BLANK = 'blank-0123456789_abcdefghijklmnopqrstuvwxyz'
const SMALL = 'small-0123456789_abcdefghijklmnopqrstuvwxyz'
const MB = 1e6

/** One row of 100 headers of 300 characters over rows that hold nothing but one mark at their end: little to send, much to write. */
function blankGrid(rows: number) {
  const header = Array.from({ length: 100 }, (_, column) => `${column}-`.padEnd(300, 'x'))
  const tab = tabFromRows(0, 'Blank', [header])
  const cell = (row: number, column: number) =>
    row === 0 ? (header[column] ?? null) : column === 0 && row === rows - 1 ? 1 : null
  return { id: BLANK, title: 'Blank', tabs: [{ ...tab, rowCount: rows, cell }] }
}

async function aWorld(t: Test, directory: string, environment: Record<string, string>) {
  const small = {
    id: SMALL,
    title: 'Small',
    tabs: [syntheticTab({ gid: 0, title: 'Data', rows: 100, columns: 5, kind: 'mixed' })],
  }
  const emulator = await anEmulator(t, { workbooks: [blankGrid(30_000), small] })
  const service = await aServiceProcess(t, {
    ...environmentFor(directory),
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    ...environment,
  })
  return { emulator, service }
}

t.test('long headers over a blank grid end at SYNC_BYTES_MAX, and leave nothing', async (t) => {
  const directory = await aDirectory(t)
  const { service } = await aWorld(t, directory, { SYNC_BYTES_MAX: '100MB' })
  const { id } = await startSync(service.url, { spreadsheet: BLANK, formats: ['json', 'ndjson'] })
  const end = await pollUntil(service.url, id, finished)
  t.match(end, {
    state: 'failed',
    error: { code: 'SYNC_TOO_LARGE', status: 422, retryable: false, hint: /SYNC_BYTES_MAX/ },
  })
  t.strictSame(await readdir(`${directory}/snapshots/.staging`), [])
  t.comment(`${end.error?.code}: ${end.error?.detail}`)
  t.equal(await service.end('SIGTERM'), 0)
})

t.test(
  'a sync that would fill the disk of the status files too ends before, and others are refused until there is room',
  async (t) => {
    const directory = await aDirectory(t)
    const disk = `${directory}/disk`
    await mkdir(disk)
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=150m', 'tmpfs', disk])
    if (status !== 0) return t.comment('no small disk can be mounted here')
    t.teardown(() => spawnSync('umount', ['-l', disk]))
    const freeMb = async () => {
      const { bavail, bsize } = await statfs(disk)
      return (bavail * bsize) / MB
    }
    const { service } = await aWorld(t, disk, { DISK_FREE_MIN: '50MB' })
    const { id } = await startSync(service.url, { spreadsheet: BLANK, formats: ['json', 'ndjson'] })
    let least = Number.POSITIVE_INFINITY
    const end = await pollUntil(service.url, id, (sync) => {
      void freeMb().then((free) => {
        least = Math.min(least, free)
      })
      return finished(sync)
    })
    t.match(end, { state: 'failed', error: { code: 'STORAGE_FULL', hint: /DISK_FREE_MIN/ } })
    t.ok(least > 50 - 17 - 8, `${least.toFixed(0)} MB stayed free`)
    t.ok((await freeMb()) > 140, 'what it had written is gone')
    t.comment(`${end.error?.code}: ${end.error?.detail} Least seen free: ${least.toFixed(0)} MB`)

    spawnSync('fallocate', ['-l', '110M', `${disk}/other`])
    const post = () =>
      fetch(`${service.url}/syncs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ spreadsheet: SMALL }),
      })
    const refused = await post()
    t.match(await refused.json(), { status: 503, code: 'STORAGE_FULL', hint: /DISK_FREE_MIN/ })
    spawnSync('rm', [`${disk}/other`])
    const accepted = await post()
    t.equal(accepted.status, 202, 'room is seen at once')
    const { id: later } = (await accepted.json()) as { id: string }
    t.match(await pollUntil(service.url, later, finished), { state: 'succeeded' })
    t.equal(await service.end('SIGTERM'), 0)
  },
)
