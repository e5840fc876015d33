import { readFile, truncate, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { tableOfPids } from '../../src/disk/process-table.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileKeyValueStore } from '../../src/storage/file-key-value-store.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { systemProcesses } from '../../src/storage/files/processes.ts'
import { systemClock } from '../../src/system-clock.ts'
import { FileIdempotency, FileLeases } from '../support/key-value-stores.ts'
import { macDisk } from '../support/mac-disk.ts'
import { windowsDisk } from '../support/windows-disk.ts'
import { testSyncStorage } from './conformance.ts'
import { testIdempotencyStore } from './idempotency-conformance.ts'
import { testKeyValueStore } from './key-value-conformance.ts'
import { testLeaseStore } from './lease-conformance.ts'

/** Neither system has /proc. */
const processes = systemProcesses(tableOfPids())

const DISKS: Readonly<Record<string, (root: string) => FileSystem>> = {
  Windows: windowsDisk,
  macOS: macDisk,
  'macOS, times in seconds': (root) => macDisk(root, { times: 'coarse' }),
}

for (const [system, disk] of Object.entries(DISKS)) {
  const place = (t: Test) => {
    const directory = t.testdir({})
    return { directory, clock: systemClock, log: silentLog, fs: disk(directory), processes }
  }
  await testSyncStorage(t, `FileStorage on ${system}`, async (t) => {
    const options = place(t)
    const { directory } = options
    return {
      open: async () => new FileStorage(options),
      damage: (id) => truncate(`${directory}/${id}.json`, 100),
      raw: {
        write: (id, record) => writeFile(`${directory}/${id}.json`, JSON.stringify(record, null, 2)),
        read: (id) => readFile(`${directory}/${id}.json`, 'utf8'),
      },
    }
  })
  await testKeyValueStore(t, `FileKeyValueStore on ${system}`, async (t) => {
    const options = place(t)
    return { open: async (namespace) => new FileKeyValueStore(options, namespace) }
  })
  await testLeaseStore(t, `FileLeases on ${system}`, async (t) => {
    const options = place(t)
    return { open: async () => new FileLeases(options) }
  })
  await testIdempotencyStore(t, `FileIdempotency on ${system}`, async (t) => {
    const options = place(t)
    const open = async () => {
      const store = new FileIdempotency(options)
      await store.start()
      return store
    }
    return { open }
  })
}
