import type { ActiveSync, SyncFault, SyncProgress, SyncWarning } from '../../model/sync.ts'
import type { SyncReport } from '../../model/sync-report.ts'
import type { JobContext } from '../../ports/job-runner.ts'
import type { Description, ReadContext } from '../../ports/sheet-source.ts'
import type { AreaState } from './area-state.ts'
import { fullReport, type ProgressSource, progressOf } from './progress.ts'

/** What a download knows of how far it is, and reports to its runner as that changes. */
export class DownloadReports {
  phase: SyncProgress['phase'] = 'reading-metadata'
  readonly #sync: ActiveSync
  readonly #context: Pick<JobContext, 'report'>
  #states: readonly AreaState[] = []
  #warnings: readonly SyncWarning[] = []
  #described: Pick<Description, 'title' | 'timeZone' | 'locale'> = { title: '', timeZone: null, locale: null }
  #apiCalls: number
  #waitingUntil: Date | undefined
  #readFault: SyncFault | null = null
  #storeFault: SyncFault | null = null

  constructor(sync: ActiveSync, context: Pick<JobContext, 'report'>) {
    this.#sync = sync
    this.#context = context
    this.#apiCalls = sync.progress.apiCalls
  }

  /** What a source notifies of while it reads. */
  readonly ofReading: Pick<ReadContext, 'onCall' | 'onWait' | 'onFault' | 'onRows'> = {
    onCall: () => {
      this.#apiCalls += 1
      this.reportProgress()
    },
    onWait: (until) => {
      this.#waitingUntil = until
      this.reportProgress()
    },
    onFault: (fault) => {
      this.#readFault = fault
      this.reportProgress()
    },
    onRows: (area, rows) => {
      const state = this.#states[area]
      if (state !== undefined) state.arrived += rows
    },
  }

  /** Notes whether the snapshot store hinders the download. */
  readonly onStoreFault = (fault: SyncFault | null): void => {
    this.#storeFault = fault
    this.reportProgress()
  }

  /** Calls made so far, by all owners of the sync, repeats included. */
  get apiCalls(): number {
    return this.#apiCalls
  }

  /** Notes what is downloaded from now on: the areas of what was described. */
  begin({ warnings, title, timeZone, locale }: Description, states: readonly AreaState[]): void {
    this.#states = states
    this.#warnings = warnings
    this.#described = { title, timeZone, locale }
    this.phase = 'downloading'
  }

  reportProgress(): void {
    this.#context.report({ progress: progressOf(this.#source) })
  }

  reportAll(more: Pick<SyncReport, 'spreadsheet' | 'checkpointed'> = {}): void {
    this.#context.report({ ...more, ...this.full() })
  }

  full() {
    return fullReport(this.#source, this.#warnings)
  }

  /** What was described, of this version. */
  spreadsheetOf(version: string | undefined) {
    return { ...this.#described, version: version ?? null }
  }

  get #source(): ProgressSource {
    return {
      syncId: this.#sync.id,
      states: this.#states,
      phase: this.phase,
      hasHeader: this.#sync.request.headerRow > 0,
      apiCalls: this.#apiCalls,
      waitingUntil: this.#waitingUntil,
      fault: this.#readFault ?? this.#storeFault,
    }
  }
}
