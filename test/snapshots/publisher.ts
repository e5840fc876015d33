/** A process that publishes and prunes snapshots of one spreadsheet until it is killed; `node publisher.ts <directory>`. */
import { silentLog } from '../../src/ports/log.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { publishFiles, SPREADSHEET } from './manifests.ts'

const [directory = ''] = process.argv.slice(2)
const store = new LocalSnapshotStore({ directory, kept: 2, log: silentLog })
await store.start()
for (let round = 0; ; round += 1) {
  const rows = `row ${round}\n`.repeat(2000)
  await publishFiles(store, { 'a.csv': rows, 'b.csv': rows, 'c.json': rows }, { publishedAt: new Date().toISOString() })
  await store.prune(SPREADSHEET)
  process.stdout.write(`${round}\n`)
}
