import t from 'tap'
import { macDisk } from '../support/mac-disk.ts'
import { testOnDisk } from './foreign-disk-suite.ts'

testOnDisk(t, 'macOS', macDisk)
