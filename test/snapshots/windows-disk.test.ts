import t from 'tap'
import { windowsDisk } from '../support/windows-disk.ts'
import { testOnDisk } from './foreign-disk-suite.ts'

testOnDisk(t, 'Windows', windowsDisk)
