import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { S3SnapshotStore } from '../../src/snapshots/s3-snapshot-store.ts'
import { anS3Server } from '../support/s3-server.ts'
import { type OpenStore, testSnapshotStore } from './conformance.ts'

const server = await anS3Server(t)

/** Random courses of a draft, each of a hundred requests; more are run by s3-snapshot-store.long.ts. */
const COURSES = 10

testSnapshotStore(
  t,
  'S3SnapshotStore',
  (t: Test): OpenStore => {
    const prefix = randomUUID()
    return async (retention) => {
      const place = { bucket: 'snapshots', prefix, endpoint: server.url, region: 'us-east-1' }
      const store = new S3SnapshotStore({ ...place, kept: 3, ...retention, log: silentLog })
      await store.start()
      t.teardown(() => store.close())
      return store
    }
  },
  COURSES,
)
