import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { S3SnapshotStore } from '../../src/snapshots/s3-snapshot-store.ts'
import { type OpenStore, testSnapshotStore } from '../snapshots/conformance.ts'
import { anS3Server } from '../support/s3-server.ts'

const server = await anS3Server(t, 'plain')

testSnapshotStore(t, 'S3SnapshotStore without conditional writes', (t: Test): OpenStore => {
  const prefix = randomUUID()
  return async ({ kept = 3 } = {}) => {
    const place = { bucket: 'snapshots', prefix, endpoint: server.url, region: 'us-east-1' }
    // Longer than any write to this server takes.
    const store = new S3SnapshotStore({ ...place, kept, log: silentLog, settleMs: 40 })
    await store.start()
    t.teardown(() => store.close())
    return store
  }
})
