import { readFile, truncate, writeFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { tableOfPids } from '../../src/disk/process-table.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileKeyValueStore } from '../../src/storage/file-key-value-store.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { systemProcesses } from '../../src/storage/files/processes.ts'
import { systemClock } from '../../src/system-clock.ts'
import { FileIdempotency, FileLeases } from '../support/key-value-stores.ts'
import { testFolder } from '../support/test-folder.ts'
import { testSyncStorage } from './conformance.ts'
import { failEachCall } from './fault-suite.ts'
import { testIdempotencyStore } from './idempotency-conformance.ts'
import { failEachCallOfKeys } from './idempotency-fault-suite.ts'
import { testKeyValueStore } from './key-value-conformance.ts'
import { testLeaseStore } from './lease-conformance.ts'

/** Neither Windows nor macOS has /proc. */
const processes = systemProcesses(tableOfPids())

/**
 * What the drivers on files promise, on a disk of another system; `disk` makes it, for a folder. Without `keepsRecords`
 * its times tell no versions apart, so that nothing stays in memory, as the suite of `SyncStorage` wants it to.
 */
export async function testOnDisk(
  t: Test,
  system: string,
  disk: (root: string) => FileSystem,
  { keepsRecords = true }: { readonly keepsRecords?: boolean } = {},
): Promise<void> {
  const place = (t: Test) => {
    const directory = testFolder(t)
    return { directory, clock: systemClock, log: silentLog, fs: disk(directory), processes }
  }
  if (keepsRecords)
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
  await t.test(
    `${system}: whichever call fails, the old or the new state, and recovery without a restart`,
    async (t) => {
      const once = { code: 'EIO', forEver: false } as const
      if (keepsRecords) await failEachCall(t, once, disk, 3)
      await failEachCallOfKeys(t, once, disk)
    },
  )
}
