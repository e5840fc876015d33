/** A process that publishes snapshots of one spreadsheet until it is killed; `node s3-publisher.ts <url> <prefix>`. */

import { newSyncId } from '../../src/model/sync-id.ts'
import { silentLog } from '../../src/ports/log.ts'
import { S3SnapshotStore } from '../../src/snapshots/s3-snapshot-store.ts'
import { manifestOf, SPREADSHEET } from './manifests.ts'

const [endpoint = '', prefix = ''] = process.argv.slice(2)
const store = new S3SnapshotStore({
  bucket: 'snapshots',
  prefix,
  endpoint,
  region: 'us-east-1',
  kept: 2,
  log: silentLog,
})
await store.start()
for (;;) {
  const syncId = newSyncId()
  const draft = await store.openDraft({ spreadsheetId: SPREADSHEET, syncId, epoch: 1 })
  // More than one part, and less.
  await draft.append('a.csv', Buffer.alloc(6_000_000, `${syncId}\n`))
  for (const name of ['b.csv', 'c.json']) await draft.append(name, Buffer.alloc(100_000, `${syncId}\n`))
  await draft.saveCheckpoint('all')
  const manifest = await manifestOf(draft, syncId, ['a.csv', 'b.csv', 'c.json'], {
    publishedAt: new Date().toISOString(),
  })
  process.stdout.write(`publishing ${syncId}\n`)
  await draft.publish(manifest)
  process.stdout.write(`published ${syncId}\n`)
  await store.prune(SPREADSHEET)
}
