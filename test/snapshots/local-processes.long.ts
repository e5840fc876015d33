import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { testFolder } from '../support/test-folder.ts'
import { SPREADSHEET, sha256 } from './manifests.ts'

const PUBLISHER = fileURLToPath(new URL('publisher.ts', import.meta.url))

/** Starts a publisher; resolves once it has published. It is killed with the test at the latest. */
async function aPublisher(t: Test, directory: string): Promise<{ rounds: () => number; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, [PUBLISHER, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  t.teardown(kill)
  let rounds = 0
  const lines = createInterface({ input: child.stdout })
  lines.on('line', () => {
    rounds += 1
  })
  await Promise.race([once(lines, 'line'), exited])
  return { rounds: () => rounds, kill }
}

/** Reads everything there is and checks it against its manifest; resolves to how many snapshots there were. */
async function readAll(store: LocalSnapshotStore): Promise<number> {
  const manifests = await store.list(SPREADSHEET)
  for (const { syncId, tabs } of manifests) {
    for (const file of tabs.flatMap((tab) => tab.files)) {
      const content = await store.openFile({ spreadsheetId: SPREADSHEET, syncId, name: file.name })
      if (content === undefined) {
        if ((await store.find(SPREADSHEET, syncId)) === undefined) continue
        throw new Error(`${syncId} is there without ${file.name}`)
      }
      if (sha256(await buffer(content)) !== file.sha256) throw new Error(`${file.name} of ${syncId} is torn`)
    }
  }
  return manifests.length
}

t.test('no reader sees half a snapshot while another process publishes and prunes', async (t) => {
  const directory = testFolder(t)
  const publisher = await aPublisher(t, directory)
  const store = new LocalSnapshotStore({ directory, kept: 2, log: silentLog })
  let reads = 0
  while (publisher.rounds() < 40) reads += await readAll(store)
  await publisher.kill()
  t.ok(reads > 40, `${reads} snapshots were read while ${publisher.rounds()} were published`)
})

t.test('a publisher that is killed at any moment leaves whole snapshots, and drafts that are swept', async (t) => {
  const directory = testFolder(t)
  const store = new LocalSnapshotStore({ directory, kept: 2, log: silentLog })
  await store.start()
  for (let round = 0; round < 8; round += 1) {
    const publisher = await aPublisher(t, directory)
    const target = publisher.rounds() + 1 + (round % 3)
    while (publisher.rounds() < target) await readAll(store)
    await publisher.kill()
    t.ok((await readAll(store)) > 0)
  }
  await store.sweepDrafts(async () => false)
  t.equal(await store.sweepDrafts(async () => false), 0)
  await store.prune(SPREADSHEET)
  t.equal(await readAll(store), 2)
})
