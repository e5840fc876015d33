import t from 'tap'
import { anS3Server } from '../support/s3-server.ts'
import { testSnapshotStore } from './conformance.ts'
import { aPlaceOn } from './s3-stores.ts'

const server = await anS3Server(t)

testSnapshotStore(t, 'S3SnapshotStore', aPlaceOn(server.url))
