import pLimit, { type LimitFunction } from 'p-limit'
import { ACTIVE_STATES } from '../model/sync.ts'
import type { JobRunner } from '../ports/job-runner.ts'
import { OrphanScan } from './orphan-scan.ts'
import { RunningSyncs } from './running-syncs.ts'
import type { ExecutionOptions } from './sync-execution.ts'

interface InProcessRunnerOptions extends ExecutionOptions {
  /** How many syncs run at once in this process. */
  readonly concurrency: number
}

/** Executes syncs in this process. Several processes may share one storage; the scan finds what a dead one has left. */
export class InProcessRunner implements JobRunner {
  readonly #options: InProcessRunnerOptions
  readonly #running: RunningSyncs
  readonly #scan: OrphanScan
  readonly #limit: LimitFunction
  /** Ids that wait for a slot; one that is taken out is not executed any more. */
  readonly #queued = new Set<string>()
  #closed: Promise<void> | undefined

  constructor(options: InProcessRunnerOptions) {
    this.#options = options
    this.#limit = pLimit(options.concurrency)
    this.#running = new RunningSyncs(options)
    this.#scan = new OrphanScan({
      ...options,
      running: this.#running,
      states: () => ACTIVE_STATES,
      onFound: async (orphans) => {
        for (const { id } of orphans) await this.enqueue(id)
      },
    })
  }

  /** Whether the syncs that an earlier process left were scanned once. */
  get recovered(): boolean {
    return this.#scan.done
  }

  async start(): Promise<void> {
    await this.#options.leases.start()
    this.#scan.start()
  }

  async enqueue(syncId: string): Promise<void> {
    if (this.#closed !== undefined || this.#running.has(syncId) || this.#queued.has(syncId)) return
    this.#queued.add(syncId)
    void this.#limit(async () => {
      if (this.#queued.delete(syncId)) await this.#running.execute(syncId)
    })
  }

  notifyCancel(syncId: string): void {
    this.#queued.delete(syncId)
    this.#running.cancel(syncId)
  }

  close(): Promise<void> {
    this.#closed ??= this.#drain()
    return this.#closed
  }

  async #drain(): Promise<void> {
    this.#queued.clear()
    await Promise.all([this.#running.close(), this.#scan.close()])
  }
}
