import { ACTIVE_STATES } from '../model/sync.ts'
import type { JobRunner } from '../ports/job-runner.ts'
import { ActiveLook } from './orphan-scan.ts'
import { SyncRuns } from './running-syncs.ts'
import type { ExecutionOptions } from './sync-execution.ts'

export interface InProcessRunnerOptions extends ExecutionOptions {
  /** How many syncs run at once in this process. */
  readonly concurrency: number
}

/**
 * Runs syncs in this process. Several processes may share one storage; what a dead one leaves is found by a look through
 * the active syncs every two seconds.
 */
export class InProcessRunner implements JobRunner {
  readonly #options: InProcessRunnerOptions
  readonly #runs: SyncRuns
  readonly #look: ActiveLook
  /** Waiting here, oldest first. */
  readonly #queue = new Set<string>()
  #closed: Promise<void> | undefined

  constructor(options: InProcessRunnerOptions) {
    this.#options = options
    this.#runs = new SyncRuns(options)
    this.#look = new ActiveLook({
      ...options,
      runs: this.#runs,
      states: () => ACTIVE_STATES,
      onFree: async (syncs) => {
        for (const { id } of syncs) await this.enqueue(id)
      },
    })
  }

  /** Whether the syncs that an earlier process left were looked through once. */
  get recovered(): boolean {
    return this.#look.done
  }

  async start(): Promise<void> {
    await this.#options.leases.start()
    this.#look.start()
  }

  async enqueue(syncId: string): Promise<void> {
    if (this.#closed !== undefined || this.#runs.has(syncId)) return
    this.#queue.add(syncId)
    this.#fill()
  }

  hintCancel(syncId: string): void {
    this.#queue.delete(syncId)
    this.#runs.cancel(syncId)
  }

  close(): Promise<void> {
    this.#closed ??= this.#drain()
    return this.#closed
  }

  async #drain(): Promise<void> {
    this.#queue.clear()
    await Promise.all([this.#runs.close(), this.#look.close()])
    await this.#options.leases.close()
  }

  #fill(): void {
    for (const syncId of this.#queue) {
      if (this.#runs.size >= this.#options.concurrency) return
      this.#queue.delete(syncId)
      void this.#runs.run(syncId).then(() => {
        if (this.#closed === undefined) this.#fill()
      })
    }
  }
}
