import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { S3SnapshotStore, type S3SnapshotStoreOptions } from '../../src/snapshots/s3-snapshot-store.ts'
import type { OpenStore } from './conformance.ts'

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

/** A place for the conformance suite in that bucket. */
export function aPlaceOn(url: string): (t: Test) => OpenStore {
  return (t) => {
    const prefix = randomUUID()
    return (retention) => anS3Store(t, url, { prefix, ...retention })
  }
}
