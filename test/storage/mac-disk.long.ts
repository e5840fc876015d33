import t from 'tap'
import { macDisk } from '../support/mac-disk.ts'
import { testOnDisk } from './foreign-disk-suite.ts'

await testOnDisk(t, 'macOS', macDisk)
await testOnDisk(t, 'macOS, times in seconds', (root) => macDisk(root, { times: 'coarse' }), { keepsRecords: false })
