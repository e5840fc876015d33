import type { SyncReport } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import { JobStop } from '../ports/job-runner.ts'
import type { Log } from '../ports/log.ts'
import { reportSync } from '../syncs/sync.ts'
import type { LeasedSync } from './leased-sync.ts'

/** Progress is written at most four times a second per sync: more than a poller can see, less than a disk can feel. */
const PROGRESS_INTERVAL_MS = 250

interface ProgressWriterOptions {
  readonly leased: LeasedSync
  readonly clock: Clock
  readonly log: Log
  /** Called once when a write shows that another owner has the sync. */
  readonly onSuperseded: (stop: JobStop) => void
}

/** Merges what a job reports and writes the latest of it now and then, without making the job wait. */
export class ProgressWriter {
  readonly #options: ProgressWriterOptions
  readonly #stopped = new AbortController()
  #pending: SyncReport | undefined
  #writing: Promise<void> | undefined

  constructor(options: ProgressWriterOptions) {
    this.#options = options
  }

  report(report: SyncReport): void {
    if (this.#stopped.signal.aborted) return
    this.#pending =
      this.#pending === undefined
        ? report
        : { ...this.#pending, ...report, progress: { ...this.#pending.progress, ...report.progress } }
    this.#writing ??= this.#writeUntilQuiet()
  }

  /** Takes no more reports; resolves when no write is under way, to what was not written yet: it belongs into the end. */
  async stop(): Promise<SyncReport | undefined> {
    this.#stopped.abort()
    await this.#writing
    return this.#pending
  }

  async #writeUntilQuiet(): Promise<void> {
    const { leased, clock, log, onSuperseded } = this.#options
    while (this.#pending !== undefined && !this.#stopped.signal.aborted) {
      const report = this.#pending
      this.#pending = undefined
      try {
        await leased.change((sync) => reportSync(sync, report, clock.now()), { durable: false })
      } catch (error) {
        if (error instanceof JobStop) {
          onSuperseded(error)
          break
        }
        // The next report holds the progress too; a full disk must not end a download that still can succeed.
        log.warn({ err: error, syncId: leased.id }, 'progress could not be written')
      }
      await clock.sleep(PROGRESS_INTERVAL_MS, this.#stopped.signal)
    }
    this.#writing = undefined
  }
}
