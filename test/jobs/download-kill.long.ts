import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { startEmulator } from '../../emulator/emulator.ts'
import { syntheticTab } from '../../emulator/workbook.ts'
import type { SnapshotManifest } from '../../src/model/snapshot-manifest.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'

/** How often the download is killed; 50 in `npm run test:kill`. */
const KILLS = Number(process.env.DOWNLOAD_KILLS ?? 3)
const OWNER = fileURLToPath(new URL('download/owner.ts', import.meta.url))
/** Cells of a block, blocks and calls for dates in flight, and how far calls for dates and headers may go beyond these. */
const [CELLS, IN_FLIGHT, SLACK] = [2000, 8, 1.2]

t.test(
  `killed at ${KILLS} random moments, a download ends with exact rows and few of them read twice`,
  { timeout: 600_000 },
  async (t) => {
    const rows = KILLS * 400 + 1000
    const tab = syntheticTab({ gid: 0, title: 'Data', rows, columns: 10, kind: 'mixed' })
    // Wider than all others, the last row has every file written once more.
    const cell = (row: number, column: number) =>
      column < 10 ? tab.cell(row, column) : row === rows - 1 ? 'wide' : null
    const workbook = { id: 'book', title: 'Book', tabs: [{ ...tab, columnCount: 11, cell }] }
    const emulator = await startEmulator({ workbooks: [workbook], latency: { baseMs: 5 } })
    t.teardown(() => emulator.close())
    const directory = testFolder(t)
    const aSync = async () => {
      const sync = aQueuedSync({ spreadsheet: 'book', formats: ['json', 'csv'] })
      const file = join(directory, `${sync.id}.txt`)
      await writeFile(file, JSON.stringify(sync))
      return { id: sync.id, start: () => owner(emulator.rootUrl, join(directory, 'snapshots'), file) }
    }
    const snapshotOf = async (id: string) => {
      const folder = join(directory, 'snapshots', 'book', id)
      const read = (name: string) => readFile(join(folder, name), 'utf8')
      const names = (await readdir(folder)).filter((name) => name !== 'manifest.json').sort()
      // What is counted of the columns too.
      const { tabs } = JSON.parse(await read('manifest.json')) as SnapshotManifest
      return { tabs, files: await Promise.all(names.map(async (name) => [name, await read(name)])) }
    }
    const read = () => emulator.calls.reduce((sum, { cells }) => sum + cells, 0)

    const whole = await aSync()
    t.equal((await once(whole.start(), 'exit'))[0], 0)
    const cells = read()
    const calls = emulator.count()

    emulator.resetCalls()
    const sync = await aSync()
    let kills = 0
    for (;;) {
      const child = sync.start()
      const exited = once(child, 'exit')
      if (kills < KILLS) {
        // Any moment after the download of this owner has begun.
        const nth = emulator.count() + 1 + Math.floor(Math.random() * Math.min(20, (calls / KILLS) * 2))
        const stopListening = emulator.onCall((call) => {
          if (call.n < nth) return
          stopListening()
          void delay(Math.random() * 15).then(() => child.kill('SIGKILL'))
        })
        void exited.then(stopListening)
      }
      const [code] = await exited
      if (code === 0) break
      kills += 1
      t.ok(kills <= KILLS, `kill ${kills}, ${emulator.count()} calls so far`)
      if (code !== null) throw new Error(`the owner ended with ${code}`)
    }
    t.ok(kills >= KILLS * 0.6, `${kills} kills`)
    const wanted = await snapshotOf(whole.id)
    t.strictSame(await snapshotOf(sync.id), wanted)
    const [id, , , , flag] = wanted.tabs[0]?.tallies ?? []
    t.strictSame(id?.values, { integer: rows - 1 }, 'every cell is counted once')
    t.ok((flag?.values.boolean ?? rows) < rows)
    const again = read() - cells
    t.ok(again <= kills * IN_FLIGHT * CELLS * SLACK, `${again} of ${cells} cells were read again`)
  },
)

function owner(...parameters: string[]): ChildProcess {
  return spawn(process.execPath, [OWNER, ...parameters], { stdio: ['ignore', 'inherit', 'inherit'] })
}
