import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { S3SnapshotStore, type S3SnapshotStoreOptions } from '../../src/snapshots/s3-snapshot-store.ts'

/** A started store in the bucket of an S3 server; let go of with the test. */
export async function anS3Store(
  t: Test,
  url: string,
  options: Partial<S3SnapshotStoreOptions> = {},
): Promise<S3SnapshotStore> {
  const place = { bucket: 'snapshots', prefix: randomUUID(), endpoint: url, region: 'us-east-1' }
  const store = new S3SnapshotStore({ ...place, kept: 3, log: silentLog, ...options })
  t.teardown(() => store.close())
  await store.start()
  return store
}
