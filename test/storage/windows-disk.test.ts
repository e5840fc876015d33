import t from 'tap'
import { windowsDisk } from '../support/windows-disk.ts'
import { testOnDisk } from './foreign-disk-suite.ts'

await testOnDisk(t, 'Windows', windowsDisk)
