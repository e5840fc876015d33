import t from 'tap'
import { anS3Server } from '../support/s3-server.ts'
import { testSnapshotStore } from './conformance.ts'
import { aPlaceOn } from './s3-stores.ts'

const server = await anS3Server(t)

// Each round is dozens of requests: s3-snapshot-store.long.ts runs all of them.
testSnapshotStore(t, 'S3SnapshotStore', aPlaceOn(server.url), 0.2)
