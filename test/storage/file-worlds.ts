import { readFile, truncate, writeFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage, type FileStorageOptions } from '../../src/storage/file-storage.ts'
import { systemClock } from '../../src/system-clock.ts'
import { testFolder } from '../support/test-folder.ts'
import type { StorageUnderTest } from './conformance.ts'

/** A folder of its own for the conformance suite, and storages on it. */
export function aFileWorld(options: Pick<FileStorageOptions, 'packAboveBytes'> = {}) {
  return async (t: Test): Promise<StorageUnderTest> => {
    const directory = testFolder(t)
    return {
      open: async () => new FileStorage({ directory, clock: systemClock, log: silentLog, ...options }),
      damage: (id) => truncate(`${directory}/${id}.json`, 100),
      raw: {
        write: (id, record) => writeFile(`${directory}/${id}.json`, JSON.stringify(record, null, 2)),
        read: (id) => readFile(`${directory}/${id}.json`, 'utf8'),
      },
    }
  }
}
