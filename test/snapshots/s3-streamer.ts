/**
 * A process that publishes one file of so many megabytes and reads it back; prints the highest resident memory it ever
 * had, in bytes: `node s3-streamer.ts <url> <prefix> <megabytes>`.
 */
import { createHash } from 'node:crypto'
import { newSyncId } from '../../src/model/sync-id.ts'
import { silentLog } from '../../src/ports/log.ts'
import { S3SnapshotStore } from '../../src/snapshots/s3-snapshot-store.ts'
import { manifestOf, SPREADSHEET } from './manifests.ts'

const [endpoint = '', prefix = '', megabytes = ''] = process.argv.slice(2)
const store = new S3SnapshotStore({
  bucket: 'snapshots',
  prefix,
  endpoint,
  region: 'us-east-1',
  kept: 3,
  log: silentLog,
})
await store.start()
const syncId = newSyncId()
const draft = await store.openDraft({ spreadsheetId: SPREADSHEET, syncId, epoch: 1 })
for (let block = 0; block < Number(megabytes) / 2; block += 1) {
  await draft.append('a.csv', Buffer.alloc(2 * 1024 * 1024, `${block},`))
  await draft.saveCheckpoint(block)
}
async function* withHeader() {
  yield Buffer.from('header\n')
  yield* draft.read('a.csv')
}
await draft.rewrite('a.csv', withHeader())
const manifest = await manifestOf(draft, syncId, ['a.csv'])
await draft.publish(manifest)
await draft.close()
const hash = createHash('sha256')
for await (const chunk of (await store.openFile({ spreadsheetId: SPREADSHEET, syncId, name: 'a.csv' })) ?? []) {
  hash.update(chunk)
}
if (hash.digest('hex') !== manifest.tabs[0]?.files[0]?.sha256) throw new Error('what is read is not what was published')
await store.close()
process.stdout.write(`${process.resourceUsage().maxRSS * 1024}\n`)
