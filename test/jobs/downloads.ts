import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { Test } from 'tap'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/emulator.ts'
import { WorkerPool } from '../../src/concurrency/worker-pool.ts'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import { createDownloadJob } from '../../src/jobs/download-job.ts'
import type { ActiveSync } from '../../src/model/sync.ts'
import type { SyncReport, SyncResult } from '../../src/model/sync-report.ts'
import type { SnapshotFormat, SyncRequestInput } from '../../src/model/sync-request.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'
import type { Slot } from '../../src/ports/job-runner.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { type Accounts, GoogleAccounts } from '../../src/sheets/google-accounts.ts'
import type { SheetsApi } from '../../src/sheets/google-api.ts'
import { GoogleCredentials } from '../../src/sheets/google-credentials.ts'
import { GoogleSheets } from '../../src/sheets/google-sheets.ts'
import { ReadQuota } from '../../src/sheets/read-quota.ts'
import type { ReadTuning } from '../../src/sheets/read-tuning.ts'
import { BlockFiles } from '../../src/snapshots/formats/block-files.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { claimSync, reportSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aLocalBudget } from '../support/local-read-budget.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'

/** A clock on which every sleep is over at once, and time has passed all the same. */
export class LeapingClock implements Clock {
  #ahead = 0

  now(): Date {
    return new Date(Date.now() + this.#ahead)
  }

  monotonic(): number {
    return performance.now() + this.#ahead
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
    const due = this.monotonic() + ms
    await turn()
    if (signal?.aborted) return false
    this.#ahead += Math.max(0, due - this.monotonic())
    return true
  }
}

/** A clock that runs so many times as fast, for a minute of quota in half a second. */
export class ScaledClock implements Clock {
  readonly #factor: number
  readonly #start = Date.now()

  constructor(factor: number) {
    this.#factor = factor
  }

  now(): Date {
    return new Date(this.#start + this.monotonic())
  }

  monotonic(): number {
    return performance.now() * this.#factor
  }

  sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
    return systemClock.sleep(ms / this.#factor, signal)
  }
}

/** How a download reads, and on how many threads. */
export interface Tuning extends Partial<ReadTuning> {
  readonly threads?: number
}

export interface DownloaderOptions extends EmulatorOptions {
  readonly clock?: Clock
  readonly tuning?: Tuning
  readonly readsPerMinute?: number
  readonly google?: { readonly credentialFile: string; readonly tokenTimeoutMs?: number }
  /** Stands between the job and Google, or the disk. */
  readonly around?: (api: SheetsApi) => SheetsApi
  readonly slowStoreMs?: number
  readonly requireRoom?: () => void
  readonly mayKeepDraft?: (() => Promise<boolean>) | undefined
  readonly snapshotTtlMs?: number
  readonly fs?: FileSystem
  readonly aroundSnapshots?: (snapshots: SnapshotStore) => SnapshotStore
}

export interface RunOptions {
  readonly signal?: AbortSignal
  readonly sync?: ActiveSync
  readonly onReport?: (report: SyncReport, sync: ActiveSync) => void
  readonly slot?: Slot
}

export interface Downloader {
  readonly emulator: Emulator
  readonly snapshots: SnapshotStore
  readonly quota: ReadQuota
  /** Runs a download as a runner would: claims the sync, keeps its progress. */
  run(body: Partial<SyncRequestInput>, options?: RunOptions): Promise<SyncResult>
  /** Tunes the runs from now on. */
  tune(tuning: Tuning): void
  /** A sync as the last run of it had left it, claimed again. */
  claimedAgain(sync: ActiveSync): ActiveSync
  /** The bytes of one file of a result, as text. */
  text(result: SyncResult, format: SnapshotFormat, tab?: number): Promise<string>
}

/** The download job in this process, before a real emulator and a real disk. Blocks are parsed on this thread. */
export async function aDownloader(t: Test, options: DownloaderOptions = {}): Promise<Downloader> {
  const {
    clock = systemClock,
    tuning,
    readsPerMinute = 100_000,
    google,
    around,
    aroundSnapshots,
    slowStoreMs = 5000,
    requireRoom = () => undefined,
    mayKeepDraft = async () => true,
    snapshotTtlMs,
    fs = nodeFileSystem,
    ...rest
  } = options
  const emulator = await startEmulator(rest)
  t.teardown(() => emulator.close())
  const directory = testFolder(t)
  const local = new LocalSnapshotStore({ directory, kept: 3, log: silentLog, fs })
  await local.start()
  const snapshots = aroundSnapshots?.(local) ?? local
  const credentials = new GoogleCredentials({ clock, ...google })
  const { rootUrl } = emulator
  const opener = new GoogleAccounts({ credentials, rootUrl, tokenTimeoutMs: google?.tokenTimeoutMs, clock })
  const quota = new ReadQuota({ budget: aLocalBudget(readsPerMinute, clock), clock, log: silentLog })
  const accounts: Accounts = {
    open: async (reader) => {
      const { api, account } = await opener.open(reader)
      return { api: around?.(api) ?? api, account }
    },
  }
  const tuned = (how: Tuning) => {
    const { threads = 0, ...reads } = { ...tuning, ...how }
    const workers = new WorkerPool({ threads })
    t.teardown(() => workers.close())
    const source = new GoogleSheets({ accounts, quotaOf: () => quota, workers, clock, log: silentLog, tuning: reads })
    const writer = new BlockFiles(workers)
    const limits = { slowStoreMs, requireRoom, mayKeepDraft, snapshotTtlMs }
    return createDownloadJob({ source, writer, snapshots, clock, log: silentLog, ...limits })
  }
  let job = tuned({})
  const latest = new Map<string, ActiveSync>()
  return {
    emulator,
    snapshots,
    quota,
    async run(body, { signal = new AbortController().signal, sync, onReport, slot } = {}) {
      const id = rest.workbooks?.[0]?.id ?? 'book'
      let now = sync ?? claimSync(aQueuedSync({ spreadsheet: id, ...body }), 'a test', new Date())
      latest.set(now.id, now)
      return job(now, {
        signal,
        slot,
        report(report) {
          now = reportSync(now, report, new Date())
          latest.set(now.id, now)
          onReport?.(report, now)
        },
      })
    },
    tune(how) {
      job = tuned(how)
    },
    claimedAgain: (sync) => claimSync(latest.get(sync.id) ?? sync, 'another owner', new Date()),
    async text(result, format, tab = 0) {
      const file = result.report.tabs?.[tab]?.files.find((one) => one.format === format)
      if (file === undefined) throw new TypeError(`tab ${tab} has no ${format}`)
      return readFile(join(directory, rest.workbooks?.[0]?.id ?? 'book', result.snapshotId, file.name), 'utf8')
    },
  }
}

/** Options that read a workbook by as few cells a call as they say, so that small grids take many calls. */
export function callsOf(cells: number): Partial<ReadTuning> {
  return { startCells: cells, leastCells: cells, mostCells: cells }
}
