import t from 'tap'
import { testSyncStorage } from './conformance.ts'
import { aFileWorld } from './file-worlds.ts'

await testSyncStorage(t, 'FileStorage, every record packed', aFileWorld({ packAboveBytes: 0 }))
