import type { Test } from 'tap'
import type { SpreadsheetChange } from '../../src/schedules/change-poll.ts'
import { ChangeWatcher, type ChangeWatcherOptions } from '../../src/schedules/change-watcher.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { aLog } from '../support/log-lines.ts'
import { MemoryKeyValueStore } from '../support/memory-key-value-store.ts'
import { FakeDrive } from './fake-drive.ts'

/** What one or more watchers share. */
export function aDrive(clock = new FakeClock()) {
  return {
    clock,
    drive: new FakeDrive(clock),
    records: new MemoryKeyValueStore(clock),
    signals: new MemoryKeyValueStore(clock),
    /** Ids that are watched; a test may change them. */
    ids: new Set<string>(),
  }
}

/** A watcher of the files there are, with what it told. It is closed with the test. */
export function aWatcher(t: Test, shared: ReturnType<typeof aDrive>, options: Partial<ChangeWatcherOptions> = {}) {
  const { drive, ids, clock, records, signals } = shared
  const told: SpreadsheetChange[] = []
  const log = aLog()
  const watcher = new ChangeWatcher({
    credential: 'default',
    feed: drive,
    records,
    signals,
    watched: async () => [...ids].map((spreadsheetId) => ({ spreadsheetId })),
    onChanged: async (change) => void told.push(change),
    intervalMs: 30_000,
    quietMs: 20_000,
    clock,
    log,
    ...options,
  })
  t.teardown(() => watcher.close())
  watcher.start()
  /** Ids and versions that were told since the last call. */
  const news = () => told.splice(0).map(({ spreadsheetId, version }) => `${spreadsheetId} ${version}`)
  return { watcher, told, news, log, ...shared }
}
