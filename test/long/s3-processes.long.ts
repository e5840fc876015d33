import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { manifestOf, SPREADSHEET, sha256 } from '../snapshots/manifests.ts'
import { anS3Store } from '../snapshots/s3-stores.ts'
import { anS3Server } from '../support/s3-server.ts'

const server = await anS3Server(t)
const program = (name: string) => fileURLToPath(new URL(`../snapshots/${name}`, import.meta.url))

/** Reads everything there is and checks it against its manifest; resolves to the sync ids. */
async function readAll(store: SnapshotStore): Promise<string[]> {
  const manifests = await store.list(SPREADSHEET)
  for (const { syncId, tabs } of manifests) {
    for (const file of tabs.flatMap((tab) => tab.files)) {
      const content = await store.openFile({ spreadsheetId: SPREADSHEET, syncId, name: file.name })
      if (content === undefined) throw new Error(`${syncId} is there without ${file.name}`)
      if (sha256(await buffer(content)) !== file.sha256) throw new Error(`${file.name} of ${syncId} is torn`)
    }
  }
  return manifests.map(({ syncId }) => syncId)
}

t.test(
  'a worker killed while it publishes leaves whole snapshots; the next one goes on from its checkpoint',
  async (t) => {
    const prefix = randomUUID()
    const store = await anS3Store(t, server.url, { prefix, kept: 2 })
    let resumed = 0
    for (let round = 0; round < 8; round += 1) {
      const child = spawn(process.execPath, [program('s3-publisher.ts'), server.url, prefix], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const exited = once(child, 'exit')
      t.teardown(() => {
        child.kill('SIGKILL')
      })
      const told = { publishing: '', published: '' }
      const lines = createInterface({ input: child.stdout })
      lines.on('line', (line) => {
        const [what, syncId = ''] = line.split(' ')
        told[what as keyof typeof told] = syncId
      })
      await once(lines, 'line')
      // A different moment of the publication each time, and the last one after it.
      if (round < 7) await delay(round * 60)
      else while (told.published === '') await once(lines, 'line')
      const { publishing: syncId } = told
      child.kill('SIGKILL')
      await exited
      const found = await readAll(store)
      if (told.published === syncId) t.ok(found.includes(syncId))
      const draft = await store.openDraft({ spreadsheetId: SPREADSHEET, syncId, epoch: 2 })
      t.equal(draft.published !== undefined, found.includes(syncId))
      if (draft.published === undefined) {
        resumed += 1
        t.equal(draft.checkpoint, 'all')
        await draft.publish(await manifestOf(draft, syncId, ['a.csv', 'b.csv', 'c.json']))
        t.ok((await readAll(store)).includes(syncId))
      }
      await draft.close()
    }
    t.comment(`${resumed} of 8 were killed before they had published`)
    t.ok(resumed > 0 && resumed < 8)
    await store.sweepDrafts(async () => false)
    t.equal(await store.sweepDrafts(async () => false), 0)
  },
)

t.test('memory stays flat however much is streamed', async (t) => {
  const peakOf = async (megabytes: number) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      program('s3-streamer.ts'),
      server.url,
      randomUUID(),
      String(megabytes),
    ])
    return Number(stdout) / 1_048_576
  }
  const [small, large] = [await peakOf(40), await peakOf(200)]
  t.comment(`peak: ${small.toFixed()} MB for 40 MB, ${large.toFixed()} MB for 200 MB`)
  t.ok(large < small + 64, 'five times as much takes no more than a buffer more')
  t.ok(large < 320)
})
