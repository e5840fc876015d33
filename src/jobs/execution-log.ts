import { AppError } from '../errors.ts'
import type { Sync, SyncFault } from '../model/sync.ts'
import type { Log } from '../ports/log.ts'

/** What the log tells of one sync while it is executed. */
export class ExecutionLog {
  readonly #log: Log
  readonly #syncId: string
  #fault: SyncFault | null = null

  constructor(log: Log, syncId: string) {
    this.#log = log
    this.#syncId = syncId
  }

  /** Logs what hinders the sync when that is something else than before; how often it was tried is in its status. */
  hindered(fault: SyncFault | null): void {
    const before = this.#fault
    if (before?.code === fault?.code && before?.detail === fault?.detail) return
    this.#fault = fault
    const syncId = this.#syncId
    if (fault === null) this.#log.info({ syncId, fault: before?.code }, 'nothing hinders the sync any more')
    // What has not failed is only waited for, as for the quota.
    else
      this.#log[fault.tries > 0 ? 'warn' : 'info']({ syncId, fault: fault.code }, `a sync is hindered: ${fault.detail}`)
  }

  /** Logs how the sync has ended, with a stack if that was not foreseen. `failure`: what the job has thrown, if anything. */
  ended({ state, revision, spreadsheet, error }: Sync, failure: unknown): void {
    const fields = { syncId: this.#syncId, state, revision }
    if (state !== 'failed') {
      this.#log.info(fields, `sync ${state}`)
      return
    }
    const why = { ...fields, spreadsheet: spreadsheet.id, code: error?.code, reason: error?.detail }
    if (failure === undefined || failure instanceof AppError) this.#log.warn(why, 'sync failed')
    else this.#log.error({ ...why, err: failure }, 'sync failed')
  }
}
