import type { JobRunner } from '../ports/job-runner.ts'
import type { LeaseStore } from './lease-store.ts'
import { RunningSyncs } from './running-syncs.ts'
import type { ExecutionOptions } from './sync-execution.ts'

interface InProcessRunnerOptions extends ExecutionOptions {
  /** How many syncs run at once in this process. */
  readonly concurrency: number
}

/** Executes syncs in this process. Several processes may share one storage; the scan finds what a dead one has left. */
export class InProcessRunner implements JobRunner {
  readonly #leases: LeaseStore
  readonly #running: RunningSyncs

  constructor(options: InProcessRunnerOptions) {
    this.#leases = options.leases
    this.#running = new RunningSyncs(options)
  }

  /** Whether the syncs that an earlier process left were scanned once. */
  get recovered(): boolean {
    return this.#running.scanned
  }

  async start(): Promise<void> {
    await this.#leases.start()
    this.#running.startScan()
  }

  async enqueue(syncId: string): Promise<void> {
    void this.#running.execute(syncId)
  }

  notifyCancel(syncId: string): void {
    this.#running.cancel(syncId)
  }

  close(): Promise<void> {
    return this.#running.close()
  }
}
